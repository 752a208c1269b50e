import type { GrantId, RequestId } from "@holdfast/base/ids";
import { isLocalToken } from "@holdfast/core/delegation/delegation-state";
import { grantIdOf } from "@holdfast/core/lock/grant-id";
import { expect, test } from "vitest";
import { client, delegated } from "./testing/delegated-lock.ts";
import type { GlobalRig } from "./testing/global-rig.ts";
import { rigLock as lock, startRig } from "./testing/start-rig.ts";

/** Cancels, in the west, a request that a client of the east may have sent. */
async function cancelInWest(world: GlobalRig) {
  const session = await client(world, "east");
  const grantId = grantIdOf(session, "r1" as RequestId);
  const startedMs = world.clock.monotonicMs();
  const outcome = await world.run("west", { kind: "cancel", lock, grantId, session });
  return { outcome, tookMs: world.clock.monotonicMs() - startedMs };
}

test("a late copy of what the register granted, given back since, gets nothing in another region's line", async () => {
  const world = await startRig();
  const session = await client(world, "north");
  const requestId = "r1" as RequestId;
  const grant = await world.grant("north", { session, requestId });
  expect(isLocalToken(grant.token)).toBe(false);
  const { grantId, token } = grant;
  const release = { kind: "release", lock, grantId, token, session, repeated: true } as const;
  expect(await world.run("north", release)).toMatchObject({ kind: "released" });
  // The register forgets of it, and another coordinator comes: only the shard of the east knows.
  for (let index = 0; index < 20; index++) {
    await world.run("west", { kind: "cancel", lock, grantId: `other${index}` as GrantId });
  }
  world.restart("east");
  const { grant: later } = await delegated(world, "east");
  const copy = world.ask("east", { session, requestId, waitMs: 60_000 });
  await world.clock.advance(500);
  await world.release("east", later);
  await world.clock.advance(500);
  expect(copy).toMatchObject([{ kind: "failure", code: "LOST" }]);
});

test("a cancel is not certain before the region that hands the lock out has answered", async () => {
  const world = await startRig();
  await delegated(world, "east");
  world.isolate("east");
  const { outcome } = await cancelInWest(world);
  expect(outcome).toMatchObject({ kind: "failure", code: "UNKNOWN_OUTCOME" });
});

test("a cancel waits for any other region no longer than that one is near", async () => {
  const world = await startRig();
  await delegated(world, "east");
  world.isolate("north");
  const { outcome, tookMs } = await cancelInWest(world);
  expect(outcome).toMatchObject({ kind: "cancelled" });
  expect(tookMs).toBeLessThan(500);
});

test("a copy of what only the register knows to be cancelled is told that it is over", async () => {
  const world = await startRig();
  const session = await client(world, "north");
  const requestId = "r1" as RequestId;
  const grantId = grantIdOf(session, requestId);
  await world.run("west", { kind: "cancel", lock, grantId, session });
  // The platform cancels, too, where another copy has the lock: nobody may have given it up.
  world.restart("north");
  const copy = world.ask("north", { session, requestId, waitMs: 60_000, resent: true });
  await world.clock.advance(1_000);
  expect(copy).toMatchObject([{ kind: "failure", code: "LOST" }]);
});
