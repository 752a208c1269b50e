import { type Failure, failure } from "@holdfast/base/failure";
import type { LeaseId, SessionId } from "@holdfast/base/ids";
import { ManualClock } from "@holdfast/base/manual-clock";
import { expect, test } from "vitest";
import type { GlobalContext } from "./global-context.ts";
import type { RegionLease } from "./ports/voting-region.ts";
import { SessionEverywhere } from "./session-everywhere.ts";
import { call } from "./testing/region.ts";
import { rigLock as lock, startRig } from "./testing/start-rig.ts";

const silent = failure("SHARD_UNAVAILABLE", "west did not answer.");
const ended = failure("SESSION_EXPIRED", "The session has no lease in west.");

function leaseIn(region: string, id: number): RegionLease {
  return { kind: "region-lease", region, shard: "s", lease: BigInt(id) as LeaseId, validForMs: 9 };
}

/** What a region says of the session. */
type Says = () => RegionLease | Failure;

/**
 * A session in three regions: two have a lease of it, and west says what the test says. `metAt`:
 * when that one was asked for a lease, in s.
 */
function sessionWith(west: { readonly meet?: Says; readonly keepAlive?: Says } = {}) {
  const clock = new ManualClock();
  const metAt: number[] = [];
  const regions = ["east", "north", "west"].map((region, index) => {
    const says = region === "west" ? west : {};
    const lives = () => leaseIn(region, index + 1);
    const meet = async () => {
      if (region === "west") metAt.push(clock.monotonicMs() / 1_000);
      return (says.meet ?? lives)();
    };
    return { region, meet, keepAlive: async () => (says.keepAlive ?? lives)() };
  });
  const context = { regions, surroundings: { clock } } as unknown as GlobalContext;
  const met = { session: "s" as SessionId, ttlMs: 10_000 };
  return { clock, metAt, session: new SessionEverywhere(context, lock, met) };
}

test("a region confirms by the very lease that the grant hangs on, not by one made since", async () => {
  const { session } = sessionWith();
  session.meet();
  // North's lease ended since the grant was put under it, and the session has another one there.
  const under = new Map([1n, 77n, 3n].map((lease, index) => [index, lease as LeaseId]));
  const confirmed = await session.confirmations(under);
  expect(confirmed.map(({ lease }) => lease.region)).toEqual(["east", "west"]);
});

test("a region where the lease has ended since gives another one with the next sign of life", async () => {
  let lease = leaseIn("west", 3);
  const { clock, session } = sessionWith({ meet: () => lease, keepAlive: () => ended });
  session.meetAll(
    () => false,
    () => {},
  );
  await clock.advance(60_000);
  expect(session.leaseIn("west")).toEqual(lease);
  lease = leaseIn("west", 33);
  const told: number[] = [];
  session.keepOrMeet(() => told.push(session.leases.length));
  await clock.advance(0);
  expect(session.leaseIn("west")).toEqual(lease);
  expect(told).toEqual([3, 3, 3]);
});

test("a lease that a region says has ended is neither told nor counted any more", async () => {
  const { clock, session } = sessionWith({ keepAlive: () => ended });
  session.meet();
  await clock.advance(0);
  expect(session.leases).toHaveLength(3);
  session.keepAlive();
  await clock.advance(0);
  expect(session.leases.map(({ region }) => region)).toEqual(["east", "north"]);
});

test("a region that does not answer is asked again, more and more rarely", async () => {
  const { clock, metAt, session } = sessionWith({ meet: () => silent });
  session.meetAll(
    () => false,
    () => {},
  );
  await clock.advance(60_000);
  expect(metAt).toEqual([0, 2, 6, 14, 30, 46]);
});

test("nobody is asked again for a request that is over", async () => {
  let isOver = false;
  const { clock, metAt, session } = sessionWith({ meet: () => silent });
  session.meetAll(
    () => isOver,
    () => {},
  );
  await clock.advance(7_000);
  isOver = true;
  await clock.advance(60_000);
  expect(metAt).toEqual([0, 2, 6]);
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
