import { Cancellation } from "@holdfast/base/cancellation";
import type { RequestId } from "@holdfast/base/ids";
import { expect, test } from "vitest";
import { TestRegion } from "./testing/region.ts";

test("a watch tells who queued, left and holds, and nothing of a waiter that waits on", async () => {
  const here = new TestRegion(1);
  await here.start();
  const holder = await here.grant({ ttlMs: 600_000 });
  const told: string[] = [];
  const cancellation = new Cancellation();
  const watched = here
    .router()
    .watch(
      { region: "here", namespace: "default", name: "l", prefix: false, withCurrent: true },
      ({ kind, tenant }) => told.push(`${kind} ${tenant.owner}`),
      { cancellation, hops: 0, onCallerLost: "cancel" },
    );
  await here.clock.advance(10);
  const request = { requestId: "w1" as RequestId, ttlMs: 10_000, waitMs: 60_000, owner: "w1" };
  void here.acquire(request);
  await here.clock.advance(5_000);
  // A client without a session repeats its request to keep its place in line.
  const again = here.acquire(request);
  await here.clock.advance(10);
  expect(told).toEqual(["LockAcquired test", "WaiterQueued w1"]);
  await here.release(holder, undefined);
  await here.clock.advance(10);
  expect(await again).toMatchObject({ kind: "granted" });
  expect(told.slice(2).toSorted()).toEqual(["LockAcquired w1", "LockEnded ", "WaiterLeft "]);
  cancellation.cancel();
  await watched;
});
