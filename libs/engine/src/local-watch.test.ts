import { Cancellation } from "@holdfast/base/cancellation";
import type { RequestId } from "@holdfast/base/ids";
import { limits } from "@holdfast/core/limits";
import { identityKey } from "@holdfast/core/lock/keys";
import { expect, test } from "vitest";
import type { MemoryShardStore } from "./memory/memory-shard-store.ts";
import { encodeIdentity } from "./shard-identity.ts";
import { call, TestRegion } from "./testing/region.ts";

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

const everything = {
  region: "here",
  namespace: "default",
  name: "",
  prefix: true,
  withCurrent: false,
};

test("a watch is refused where a shard is not the one it is configured as", async () => {
  const here = new TestRegion(2);
  await here.start();
  const watching = here.router().watch(everything, () => {}, call());
  await here.clock.advance(10);
  const value = encodeIdentity({ region: "here", name: "s1" }, "another", "x");
  const put = { kind: "put", key: identityKey, value, lease: 0n } as const;
  await here.stores[1]?.commit({ compares: [], success: [put], failure: [] });
  await here.locals[0]?.context.placements.refresh();
  const refusal = {
    code: "SHARD_UNAVAILABLE",
    shard: "here/s1",
    message: expect.stringContaining("says it is shard s1 of region here of another"),
  };
  expect(await here.router().watch(everything, () => {}, call())).toMatchObject(refusal);
  // One that runs is not taken up again there, and does not go on with half of what it is to tell.
  for (const store of here.stores) (store as MemoryShardStore).interruptWatches();
  await here.clock.advance(1_000);
  expect(await watching).toMatchObject(refusal);
});

test("a router carries so many watches and no more, and room is made by those that end", async () => {
  const one = { ...everything, name: "l", prefix: false };
  for (const [query, max] of [
    [one, limits.watchesPerRouterMax],
    [everything, limits.prefixWatchesPerRouterMax],
  ] as const) {
    const here = new TestRegion(1);
    await here.start();
    const calls = Array.from({ length: max }, call);
    const watches = calls.map((each) => here.router().watch(query, () => {}, each));
    await here.clock.advance(10);
    const over = await here.router().watch(query, () => {}, call());
    expect(over).toMatchObject({
      code: "QUOTA_EXCEEDED",
      message: expect.stringContaining(max.toLocaleString("en-US")),
    });
    calls[0]?.cancellation.cancel();
    expect(await watches[0]).toBeUndefined();
    const next = here.router().watch(query, () => {}, call());
    expect(await Promise.race([next, here.clock.advance(10)])).toBeUndefined();
  }
});
