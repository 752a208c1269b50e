import type { RequestId } from "@holdfast/base/ids";
import { grantIdOf } from "@holdfast/core/lock/grant-id";
import { expect, test } from "vitest";
import { faultyStore } from "./testing/faulty-store.ts";
import { call, TestRegion } from "./testing/region.ts";

test("a waiter whose lease cannot be read when it is promoted is not told that its session ended", async () => {
  const faults = { reads: false, revokes: false };
  const here = new TestRegion(1, (store) => faultyStore(store, faults));
  await here.start();
  const holder = await here.open();
  const session = await here.open();
  const first = await here.grant({ session: holder });
  const requestId = "w" as RequestId;
  const waiter = here.acquire({ session, requestId, waitMs: 60_000 });
  await here.clock.advance(50);
  here.locals[0]?.context.sessions.forget(session);
  faults.reads = true;
  await here.release(first, holder);
  expect(await waiter).toMatchObject({ code: "UNKNOWN_OUTCOME", shard: "here/s0" });
  faults.reads = false;
  expect(await here.acquire({ session, requestId })).toMatchObject({ kind: "granted" });
});

test("a request that is refused on a busy lock leaves no queue followed behind it", async () => {
  const here = new TestRegion(1);
  await here.start(2);
  const session = await here.open();
  await here.grant({ session });
  const requestId = "twice" as RequestId;
  void here.acquire({ session, requestId, waitMs: 60_000 }, 1);
  await here.clock.advance(50);
  const other = await here.acquire({ session, requestId, waitMs: 60_000, owner: "else" }, 0);
  expect(other).toMatchObject({ code: "INVALID_ARGUMENT", field: "request_id" });
  await here.clock.advance(1_500);
  expect(here.locals[0]?.context.queues.size).toBe(0);
});

/** A request of 3 s waits at router 0, is repeated at router 1 for 5 s, and cancelled there. */
async function cancelledElsewhere(leases: boolean) {
  const faults = { reads: false, revokes: false, leases };
  const here = new TestRegion(1, (store) => faultyStore(store, faults));
  await here.start(2);
  const { lock } = await here.grant({ ttlMs: 600_000 });
  const requestId = "own" as RequestId;
  const request = { requestId, ttlMs: 3_000, waitMs: 60_000 };
  const waiting = here.acquire(request, 0);
  for (let repeats = 0; repeats < 5; repeats++) {
    await here.clock.advance(1_000);
    void here.acquire(request, 1);
  }
  await here.clock.advance(10);
  const grantId = grantIdOf(undefined, requestId);
  await here.router(1).execute({ kind: "cancel", lock, grantId, ttlMs: 3_000 }, call());
  await here.clock.advance(1_000);
  return Promise.race([waiting, here.clock.advance(0)]);
}

test("a cancelled wait is not taken for lost because repeats moved it to a newer lease", async () => {
  expect(await cancelledElsewhere(false)).toMatchObject({ kind: "cancelled" });
});

test("a place that went is not called lost because its lease could not be read", async () => {
  expect(await cancelledElsewhere(true)).toMatchObject({ code: "SHARD_UNAVAILABLE" });
});

test("the waits of a router that is gone come anew many at a time, and copies of one apart", async () => {
  const here = new TestRegion(1);
  await here.start(2);
  const session = await here.open();
  await here.grant({ session });
  const ids = Array.from({ length: 200 }, (_, index) => `w${index}` as RequestId);
  for (const requestId of ids) void here.acquire({ session, requestId, waitMs: 60_000 }, 1);
  await here.clock.advance(200);
  here.locals[1]?.stop();
  const { counts } = [...(here.locals[0]?.context.shards.values() ?? [])][0]?.committer ?? {};
  await here.clock.advance(1_000);
  const before = { ...counts };
  for (const requestId of [...ids, ...ids.slice(0, 20)]) {
    void here.acquire({ session, requestId, waitMs: 60_000 }, 0);
  }
  await here.clock.advance(1_000);
  expect((counts?.batches ?? 0) - (before.batches ?? 0)).toBeLessThan(40);
  expect(counts?.splits).toBe(0);
});
