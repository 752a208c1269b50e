import { failure } from "@holdfast/base/failure";
import type { AcquireOutcome } from "@holdfast/core/command/outcome";

/** Nobody knows what became of it. */
export const unanswered = failure(
  "UNKNOWN_OUTCOME",
  "Too few regions answered in time, and the request may have been carried out. Repeat it with the " +
    "same request id.",
);

/** It was granted, and its holder could not be told for how long. */
export const unconfirmed = failure(
  "UNKNOWN_OUTCOME",
  "The lock was granted, and no two regions could confirm it under a lease of the session. Repeat " +
    "the request with the same request id, or cancel it.",
);

/** Nothing of it was begun. */
export const stopping = failure("SHARD_UNAVAILABLE", "This coordinator stops. Ask again.");

/** Its place is kept, and whoever is asked next finds it. */
export const sentOn = failure(
  "UNKNOWN_OUTCOME",
  "The coordinator that was asked stops. Repeat the request with the same request id: its place in " +
    "line is kept.",
);

/** The register does not remember it any more [H6]. */
export const forgotten = failure(
  "UNKNOWN_OUTCOME",
  "The lock has changed hands too often since this request was first sent to know what became of " +
    "it. Cancel it, and ask again with a new request id.",
  { field: "request_id" },
);

/** A repeat had no place in line, and gets none. */
export const refusedInWait = failure(
  "UNKNOWN_OUTCOME",
  "There was no place in the lock's line for a repeat of this request, and nothing will come of it. " +
    "Ask again with a new request id.",
  { field: "request_id" },
);

/** It was never proposed. */
export const contended = failure("CONTENDED", "Others were faster too often. Try again.", {
  retryAfterMs: 200,
});

/** The line of this region has as many in it as there may be. */
export const tooMany = failure(
  "TOO_MANY_WAITERS",
  "The lock's line in this region is full. Try again later.",
  { retryAfterMs: 1_000 },
);

/** A repeat of a request that has come to its end in this region. */
export const over = failure(
  "LOST",
  "This request was given up before, or the grant it had has ended. Ask again with a new request id.",
);

/** Whether the lock is free there is not known, and nothing of the request is there. */
export const outOfReach = failure(
  "SHARD_UNAVAILABLE",
  "The lock is delegated to a region that does not answer. It can be had elsewhere once the " +
    "delegation has run out, in 10 s or so.",
  { retryAfterMs: 1_000 },
);

/**
 * It is delegated, and nobody has it by that, or nobody who is known here. This request was refused
 * for good, which a repeat of it could only be told again.
 */
export const betweenTwo = failure(
  "UNKNOWN_OUTCOME",
  "The lock is between two holders, or between two regions, and nothing will come of this request. " +
    "Ask again with a new request id.",
  { field: "request_id" },
);

/** What another region answered to a try, where that says all there is to say of it. */
export function definiteOf(outcome: AcquireOutcome): AcquireOutcome {
  const isRefusal = outcome.kind === "failure" && outcome.field === "request_id";
  const isAll = outcome.kind === "granted" || outcome.kind === "held" || isRefusal;
  return isAll || outcome === outOfReach ? outcome : unanswered;
}
