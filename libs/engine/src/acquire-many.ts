import { Cancellation } from "@holdfast/base/cancellation";
import type { AcquireCommand, ReleaseCommand } from "@holdfast/core/command/command";
import type { AcquireOutcome, Grant } from "@holdfast/core/command/outcome";
import { printLock } from "@holdfast/core/lock/lock-id";
import type { AcquireManyOutcome, AcquireManyRequest, Call, LockTier } from "./ports/lock-tier.ts";

type Tier = Pick<LockTier, "execute">;

/**
 * Several locks in one request. Each for itself: all at once. All or nothing: one after the other
 * in one fixed order, so that two such requests cannot wait for each other in a circle, and what
 * was taken is given back if one cannot be had.
 */
export async function acquireMany(
  tier: Tier,
  { acquires, allOrNothing }: AcquireManyRequest,
  call: Call,
): Promise<AcquireManyOutcome> {
  if (!allOrNothing) {
    const outcomes = await Promise.all(acquires.map((acquire) => tier.execute(acquire, call)));
    return { kind: "many", outcomes };
  }
  const order = acquires
    .map((acquire, index) => ({ acquire, index, key: printLock(acquire.lock) }))
    .sort((left, right) => (left.key < right.key ? -1 : left.key > right.key ? 1 : 0));
  const outcomes: AcquireOutcome[] = acquires.map(() => ({ kind: "cancelled" }));
  const taken: { grant: Grant; index: number }[] = [];
  for (const { acquire, index } of order) {
    const outcome = await tier.execute(acquire, call);
    outcomes[index] = outcome;
    if (outcome.kind === "granted") {
      taken.push({ grant: outcome.grant, index });
      continue;
    }
    for (const { grant, index: at } of taken) {
      outcomes[at] = await giveBack(tier, acquires[at] as AcquireCommand, grant, call);
    }
    break;
  }
  return { kind: "many", outcomes };
}

/**
 * Cancelled where the release is certain; else the release's own failure, for the caller to see.
 */
async function giveBack(
  tier: Tier,
  acquire: AcquireCommand,
  grant: Grant,
  call: Call,
): Promise<AcquireOutcome> {
  const release: ReleaseCommand = {
    kind: "release",
    lock: grant.lock,
    grantId: grant.grantId,
    token: grant.token,
    mode: grant.mode,
    repeated: true,
    ...(acquire.session === undefined ? {} : { session: acquire.session }),
    ...(acquire.ttlMs === undefined ? {} : { ttlMs: acquire.ttlMs }),
  };
  // Also when the caller is gone: what was taken must be given back all the same.
  const outcome = await tier.execute(release, { ...call, cancellation: new Cancellation() });
  if (outcome.kind === "released" || outcome.code === "NOT_HELD") return { kind: "cancelled" };
  return outcome;
}
