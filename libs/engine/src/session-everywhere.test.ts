import type { LeaseId, SessionId } from "@holdfast/base/ids";
import { expect, test } from "vitest";
import type { GlobalContext } from "./global-context.ts";
import { SessionEverywhere } from "./session-everywhere.ts";
import { call } from "./testing/region.ts";
import { rigLock as lock, startRig } from "./testing/start-rig.ts";

test("a region confirms by the very lease that the grant hangs on, not by one made since", async () => {
  const regions = ["east", "north", "west"].map((region, index) => {
    const lease = BigInt(index + 1) as LeaseId;
    return {
      region,
      meet: async () => ({ kind: "lease", region, shard: "s", lease, validForMs: 9 }),
    };
  });
  const context = { regions } as unknown as GlobalContext;
  const session = new SessionEverywhere(context, lock, {
    session: "s" as SessionId,
    ttlMs: 10_000,
  });
  session.meet();
  // North's lease ended since the grant was put under it, and the session has another one there.
  const under = new Map([1n, 77n, 3n].map((lease, index) => [index, lease as LeaseId]));
  const confirmed = await session.confirmations(under);
  expect(confirmed.map(({ lease }) => lease.region)).toEqual(["east", "west"]);
});

test("a renewal adds up no regions that show different ballots", async () => {
  const world = await startRig();
  const session = await world.open("east");
  const { grantId, token } = await world.grant("east", { session });
  await world.clock.advance(200);
  // West misses a change: what it shows of the grant from now on is of an older ballot.
  world.cut.add("north>west");
  await world.run("north", { kind: "cancel", lock, grantId: "another" as typeof grantId });
  // North's lease ends, so that of the newest ballot only east confirms the grant.
  const beat = { kind: "heartbeat", session, ttlMs: 10_000, leases: [], list: false } as const;
  for (let turn = 0; turn < 8; turn++) {
    for (const region of ["east", "west"] as const) {
      await world.local(region).execute(beat, call());
    }
    await world.clock.advance(2_000);
  }
  const renewing = world.begin(
    "east",
    { kind: "renew", lock, grantId, token, session },
    { deadlineMs: world.clock.monotonicMs() + 2_500 },
  );
  // All are heard; put anew it is not, for nobody answers by then.
  await world.clock.advance(125);
  world.isolate("east");
  expect(await world.settle(renewing)).toMatchObject({ kind: "failure", code: "LOST" });
});
