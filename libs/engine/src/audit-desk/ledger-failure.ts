import { type Failure, failure } from "@holdfast/base/failure";
import type { NotDone } from "../ports/ledger.ts";

/**
 * There is more of it than is looked through. An answer from a part would take what was not looked
 * at for what is not there.
 */
export function tooManyOf(what: string): Failure {
  return failure(
    "QUOTA_EXCEEDED",
    `The record has too many ${what}: no answer was made of a part.`,
  );
}

/** What whoever asked is told where the ledger did not answer. */
export function ledgerFailure(reply: NotDone): Failure {
  if (reply.kind === "refused" && reply.reason === "invalid") {
    return failure("INVALID_ARGUMENT", `The record cannot be asked so: ${reply.message}.`);
  }
  return failure("SHARD_UNAVAILABLE", `The record's store does not answer: ${reply.message}.`, {
    retryAfterMs: 1_000,
  });
}
