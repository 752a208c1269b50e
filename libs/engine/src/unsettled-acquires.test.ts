import type { GrantId, RequestId } from "@holdfast/base/ids";
import { ManualClock } from "@holdfast/base/manual-clock";
import { expect, test } from "vitest";
import type { ShardStore } from "./ports/shard-store.ts";
import { faultyStore } from "./testing/faulty-store.ts";
import { TestRegion } from "./testing/region.ts";
import { UnsettledAcquires } from "./unsettled-acquires.ts";

const requestId = "r" as RequestId;
const a = "a" as GrantId;
const b = "b" as GrantId;

/** A region whose next commit stalls, when asked, and lands when let go. */
async function regionWithStalls() {
  const stalled: (() => void)[] = [];
  let how: "not" | "unanswered" | "unknown" = "not";
  const wrap = (store: ShardStore): ShardStore => ({
    ...faultyStore(store, { reads: false, revokes: false }),
    commit: async (txn) => {
      const now = how;
      how = "not";
      if (now === "not") return store.commit(txn);
      const landed = new Promise<void>((go) => stalled.push(go)).then(() => store.commit(txn));
      return now === "unknown" ? { kind: "unknown", message: "no answer" } : landed;
    },
  });
  const here = new TestRegion(1, wrap);
  await here.start(1);
  const session = await here.open(10_000);
  const grant = await here.grant({ session, requestId });
  return {
    here,
    session,
    grant,
    /** The next commit stalls: it is not answered, or nobody knows how it went. */
    stall: (kind: "unanswered" | "unknown") => {
      how = kind;
    },
    land: async () => {
      for (const go of stalled.splice(0)) go();
      await here.clock.advance(1);
    },
  };
}

test.each(["unanswered", "unknown"] as const)(
  "a copy of the request that is still %s at the release gets nothing when it lands",
  async (how) => {
    const { here, session, grant, stall, land } = await regionWithStalls();
    stall(how);
    const copy = here.acquire({ session, requestId });
    await here.clock.advance(1);
    // The client has sent the request once, as far as it knows.
    expect(await here.release(grant, session, 0, false)).toMatchObject({ kind: "released" });
    await land();
    await copy;
    const next = await here.acquire({ session, requestId: "next" as RequestId });
    expect(next).toMatchObject({ kind: "granted" });
  },
);

test("a place that a copy takes after the release is refused", async () => {
  const { here, session, grant, stall, land } = await regionWithStalls();
  // Somebody else waits, so that the copy queues up without a look whether the lock is free.
  const other = here.acquire({ session, requestId: "next" as RequestId, waitMs: 5_000 });
  await here.clock.advance(1);
  stall("unanswered");
  const copy = here.acquire({ session, requestId, waitMs: 5_000 });
  await here.clock.advance(1);
  expect(await here.release(grant, session, 0, false)).toMatchObject({ kind: "released" });
  await land();
  expect(await copy).toMatchObject({ kind: "cancelled" });
  const granted = await other;
  if (granted.kind !== "granted") throw new Error("the next one has the lock by now");
  expect(await here.release(granted.grant, session)).toMatchObject({ handedOver: false });
  const last = await here.acquire({ session, requestId: "last" as RequestId });
  expect(last).toMatchObject({ kind: "granted" });
});

test("a request is unsettled until the last of its copies is answered", () => {
  const unsettled = new UnsettledAcquires(new ManualClock());
  unsettled.enter(a);
  unsettled.enter(a);
  unsettled.leave(a);
  expect([unsettled.mayLand(a), unsettled.mayLand(b)]).toEqual([true, false]);
  unsettled.leave(a);
  expect(unsettled.mayLand(a)).toBe(false);
});

test("what is unknown is remembered for a minute, and not for ever", async () => {
  const clock = new ManualClock();
  const unsettled = new UnsettledAcquires(clock);
  unsettled.doubt(a);
  await clock.advance(59_000);
  expect(unsettled.mayLand(a)).toBe(true);
  await clock.advance(1_001);
  expect(unsettled.mayLand(a)).toBe(false);
});

test("where more is unknown than is remembered, everything is unsettled for a minute", async () => {
  const clock = new ManualClock();
  const unsettled = new UnsettledAcquires(clock, 2);
  for (const grantId of [a, "c", "d"] as GrantId[]) {
    await clock.advance(1_000);
    unsettled.doubt(grantId);
  }
  expect(unsettled.mayLand(b)).toBe(true);
  // Those that are remembered are forgotten by now.
  await clock.advance(59_500);
  expect(unsettled.mayLand(b)).toBe(true);
  await clock.advance(501);
  expect([unsettled.mayLand(a), unsettled.mayLand(b)]).toEqual([false, false]);
});
