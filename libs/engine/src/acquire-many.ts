import { Cancellation } from "@holdfast/base/cancellation";
import { isFailure } from "@holdfast/base/failure";
import type { AcquireCommand, CancelCommand, ReleaseCommand } from "@holdfast/core/command/command";
import type { AcquireOutcome } from "@holdfast/core/command/outcome";
import { grantIdOf } from "@holdfast/core/lock/grant-id";
import { printLock } from "@holdfast/core/lock/lock-id";
import type { AcquireManyOutcome, AcquireManyRequest, Call, LockTier } from "./ports/lock-tier.ts";
import { requestOf } from "./request.ts";

/** What several acquires need of the router that carries them out. */
export interface ManyTier extends Pick<LockTier, "execute"> {
  /** Takes back a request whose caller is gone, unless a repeat of it was told of the grant. */
  abandon(acquire: AcquireCommand): void;
}

/**
 * Several locks in one request. Each for itself: all at once. All or nothing: one after the other
 * in one fixed order, so that two such requests cannot wait for each other in a circle, and what
 * was taken is given back if one cannot be had.
 */
export async function acquireMany(
  tier: ManyTier,
  { acquires, allOrNothing }: AcquireManyRequest,
  call: Call,
): Promise<AcquireManyOutcome> {
  const outcomes = allOrNothing
    ? await allOrNone(tier, acquires, call)
    : await Promise.all(acquires.map((acquire) => tier.execute(acquire, call)));
  if (!call.cancellation.cancelled || call.onCallerLost === "keep") {
    return { kind: "many", outcomes };
  }
  // Nobody hears of what was taken before the caller went.
  for (const [index, acquire] of acquires.entries()) {
    if (outcomes[index]?.kind === "granted") tier.abandon(acquire);
  }
  return { kind: "many", outcomes: outcomes.map(() => ({ kind: "cancelled" })) };
}

async function allOrNone(
  tier: ManyTier,
  acquires: readonly AcquireCommand[],
  call: Call,
): Promise<AcquireOutcome[]> {
  const order = acquires
    .map((acquire, index) => ({ acquire, index, key: printLock(acquire.lock) }))
    .sort((left, right) => (left.key < right.key ? -1 : left.key > right.key ? 1 : 0));
  const outcomes: AcquireOutcome[] = acquires.map(() => ({ kind: "cancelled" }));
  for (const { acquire, index } of order) {
    const outcome = await tier.execute(acquire, call);
    outcomes[index] = outcome;
    if (outcome.kind !== "granted") break;
  }
  if (outcomes.every(({ kind }) => kind === "granted")) return outcomes;
  // A caller that is gone may have repeated the request through another router and been told of a
  // grant: it is no longer for this one to give back.
  if (call.cancellation.cancelled) return outcomes;
  for (const [index, acquire] of acquires.entries()) {
    const outcome = outcomes[index];
    if (outcome !== undefined) outcomes[index] = await giveBack(tier, acquire, outcome, call);
  }
  return outcomes;
}

/**
 * Cancelled where the lock is certainly not held; else the failure of the release, for the caller
 * to see. What was refused stays as it is.
 */
async function giveBack(
  tier: ManyTier,
  acquire: AcquireCommand,
  outcome: AcquireOutcome,
  call: Call,
): Promise<AcquireOutcome> {
  const ending = endingOf(acquire, outcome);
  if (ending === undefined) return outcome;
  // Also when the caller goes meanwhile: what was taken must be given back all the same.
  const ended = await tier.execute(ending, { ...call, cancellation: new Cancellation() });
  if (!isFailure(ended) || ended.code === "NOT_HELD") return { kind: "cancelled" };
  return ended;
}

/** What ends a grant, or a request of which nobody knows whether it was granted. */
function endingOf(
  acquire: AcquireCommand,
  outcome: AcquireOutcome,
): ReleaseCommand | CancelCommand | undefined {
  if (outcome.kind === "granted") {
    const { grantId, token, mode } = outcome.grant;
    const request = requestOf({ command: acquire, grantId });
    return { kind: "release", token, mode, repeated: true, ...request };
  }
  if (!isFailure(outcome) || outcome.code !== "UNKNOWN_OUTCOME") return undefined;
  const grantId = grantIdOf(acquire.session, acquire.requestId);
  return { kind: "cancel", ...requestOf({ command: acquire, grantId }) };
}
