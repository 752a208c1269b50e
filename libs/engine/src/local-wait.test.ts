import type { RequestId } from "@holdfast/base/ids";
import { expect, test } from "vitest";
import { faultyStore } from "./testing/faulty-store.ts";
import { TestRegion } from "./testing/region.ts";

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
