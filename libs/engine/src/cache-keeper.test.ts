import { ManualClock } from "@holdfast/base/manual-clock";
import type { AuditEvent } from "@holdfast/core/audit/event";
import { expect, test } from "vitest";
import { CacheKeeper } from "./cache-keeper.ts";
import { floorMarkKey, lockEntryKey, namespaceMarkKey } from "./cache-keys.ts";
import { MemoryCache } from "./memory/memory-cache.ts";
import { MemoryMeter } from "./memory/memory-meter.ts";

const of = { cluster: "test", region: "here", shard: "s0" };
const place = { cluster: "test/here/s0", region: "here", shard: "s0", index: 0, atMs: 0 };
const lockNamed = (name: string) => ({ region: "here", namespace: "default", name });
const tenancy = {
  grantId: "g".repeat(22) as never,
  mode: "exclusive",
  owner: "o",
  ttlMs: 1,
} as const;

function happened(revision: bigint, what: object): AuditEvent {
  return { ...place, revision, ...what } as AuditEvent;
}

function acquired(revision: bigint, name: string, region = "here"): AuditEvent {
  const lock = { ...lockNamed(name), region };
  return happened(revision, { kind: "LockAcquired", lock, ...tenancy, token: revision });
}

function rig() {
  const clock = new ManualClock();
  const cache = new MemoryCache(clock);
  const meter = new MemoryMeter();
  const keeper = new CacheKeeper({ ...of, cache, clock, meter });
  const markOf = async (key: string) => {
    const reply = await cache.read([key]);
    return reply.kind === "read" ? reply.entries[0]?.revision : undefined;
  };
  return {
    clock,
    cache,
    meter,
    keeper,
    lock: (name: string) => markOf(lockEntryKey(of, lockNamed(name))),
    namespace: () => markOf(namespaceMarkKey(of, "default")),
    floor: () => markOf(floorMarkKey(of)),
  };
}

test("what happens to a lock marks it and its namespace, at the highest revision", async () => {
  const { clock, keeper, lock, namespace, floor } = rig();
  keeper.onEvents([acquired(5n, "a"), acquired(7n, "b"), acquired(6n, "a")]);
  await clock.advance(0);
  expect([await lock("a"), await lock("b"), await namespace()]).toEqual([6n, 7n, 7n]);
  expect(await floor()).toBeUndefined();
});

test("who waits changes the lock and no list", async () => {
  const { clock, keeper, lock, namespace } = rig();
  const queued = { kind: "WaiterQueued", lock: lockNamed("a"), ...tenancy };
  keeper.onEvents([happened(5n, queued), happened(6n, { ...queued, kind: "WaiterLeft" })]);
  await clock.advance(0);
  expect([await lock("a"), await namespace()]).toEqual([6n, undefined]);
});

test("sessions and global locks mark nothing", async () => {
  const { clock, keeper, meter } = rig();
  keeper.onEvents([
    happened(5n, { kind: "SessionOpened", session: "s", ttlMs: 1 }),
    happened(6n, { kind: "SessionEnded", session: "s", ttlMs: 1, cause: "closed" }),
    acquired(7n, "a", "global"),
    happened(8n, { kind: "WaiterQueued", lock: { ...lockNamed("a"), region: "global" } }),
  ]);
  await clock.advance(0);
  expect(meter.read("holdfast_cache_marks_total", { of: "change" })).toBeUndefined();
});

test("a gap does away with all that was read below it, and what is found behind it is covered", async () => {
  const { clock, keeper, lock, floor } = rig();
  keeper.onEvents([
    acquired(5n, "a"),
    happened(90n, { kind: "AuditGap", missingFrom: 6n, missingTo: 90n }),
    { ...acquired(90n, "b"), found: true },
    acquired(91n, "c"),
  ]);
  await clock.advance(0);
  expect(await floor()).toBe(90n);
  expect([await lock("a"), await lock("b"), await lock("c")]).toEqual([undefined, undefined, 91n]);
});

test("what cannot be read marks its lock, and the whole shard where it does not say which", async () => {
  const { clock, keeper, lock, floor } = rig();
  const odd = { kind: "RecordUnreadable", record: "x", change: "put" };
  keeper.onEvents([happened(5n, { ...odd, lock: lockNamed("a") })]);
  await clock.advance(0);
  expect([await lock("a"), await floor()]).toEqual([5n, undefined]);
  keeper.onEvents([happened(6n, odd)]);
  await clock.advance(0);
  expect(await floor()).toBe(6n);
});

test("a cache that was away is told to believe nothing from before, and then goes on as usual", async () => {
  const { clock, cache, meter, keeper, lock, floor } = rig();
  cache.reachable = false;
  keeper.onEvents([acquired(5n, "a")]);
  await clock.advance(0);
  for (let revision = 6n; revision < 30n; revision++) {
    keeper.onEvents([acquired(revision, `n${revision}`)]);
    await clock.advance(500);
  }
  cache.reachable = true;
  await clock.advance(1_000);
  expect(await floor()).toBe(29n);
  expect(await lock("a")).toBeUndefined();
  expect(meter.read("holdfast_cache_mark_failures_total")).toBeGreaterThan(5);
  keeper.onEvents([acquired(30n, "a")]);
  await clock.advance(0);
  expect([await lock("a"), await floor()]).toEqual([30n, 29n]);
});

test("what may have been written is not taken for written", async () => {
  const { clock, cache, keeper, floor } = rig();
  cache.losesAnswers = true;
  keeper.onEvents([acquired(5n, "a")]);
  await clock.advance(0);
  cache.losesAnswers = false;
  await clock.advance(1_000);
  expect(await floor()).toBe(5n);
});

test("more than it can remember is given up whole, and no event waits for it", async () => {
  const { clock, keeper, meter, floor } = rig();
  const events = Array.from({ length: 30_000 }, (_, index) =>
    acquired(BigInt(index + 1), `n${index}`),
  );
  keeper.onEvents(events);
  await clock.advance(0);
  expect(await floor()).toBe(30_000n);
  expect(meter.read("holdfast_cache_marks_total", { of: "shard" })).toBe(1);
});

test("under steady load it comes back from a failure to marks of single locks", async () => {
  const { clock, cache, keeper, lock, floor } = rig();
  cache.reachable = false;
  keeper.onEvents([acquired(1n, "a")]);
  await clock.advance(0);
  cache.reachable = true;
  for (let revision = 2n; revision < 200n; revision++) {
    keeper.onEvents([acquired(revision, `n${revision}`)]);
    await clock.advance(1);
  }
  expect(await floor()).toBeLessThan(100n);
  expect(await lock("n199")).toBe(199n);
});

test("stopped, it leaves no timer behind", async () => {
  const { clock, cache, keeper } = rig();
  cache.reachable = false;
  keeper.onEvents([acquired(5n, "a")]);
  await clock.advance(0);
  keeper.stop();
  await clock.advance(0);
  expect(clock.pendingTimers).toBe(0);
  keeper.onEvents([acquired(6n, "a")]);
  await clock.advance(0);
  expect(clock.pendingTimers).toBe(0);
});
