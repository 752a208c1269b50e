import { sleep } from "@holdfast/base/clock";
import type { RequestId } from "@holdfast/base/ids";
import { settled } from "@holdfast/base/manual-clock";
import { randomUuid, SeededRandom } from "@holdfast/base/random";
import type { LockState } from "@holdfast/core/command/outcome";
import { expect, test } from "vitest";
import { floorMarkKey, lockEntryKey, markTtlMs, namespaceMarkKey } from "./cache-keys.ts";
import { CachedReads } from "./cached-reads.ts";
import { MemoryCache } from "./memory/memory-cache.ts";
import { MemoryMeter } from "./memory/memory-meter.ts";
import type { Cache, CacheEntry } from "./ports/cache.ts";
import type { ListPage } from "./ports/lock-tier.ts";
import type { ShardStore } from "./ports/shard-store.ts";
import { Router } from "./router.ts";
import { type Faults, faultyStore } from "./testing/faulty-store.ts";
import { call, TestRegion } from "./testing/region.ts";

const lockNamed = (name: string) => ({ region: "here", namespace: "default", name });
const shardOf = (shard: string) => ({ cluster: "test", region: "here", shard });
/** Transactions that only read, and ranges: what a Get and a List ask of a shard. */
const readsIn = ({ commits, ranges }: Reads) => commits + ranges;

interface Reads {
  commits: number;
  ranges: number;
}

function countingStore(store: ShardStore, reads: Reads): ShardStore {
  return {
    ...faultyStore(store, { reads: false, revokes: false }),
    commit: (txn) => {
      if (txn.success.every(({ kind }) => kind === "range")) reads.commits++;
      return store.commit(txn);
    },
    range: (range) => {
      reads.ranges++;
      return store.range(range);
    },
  };
}

function cachedReadsOf(here: TestRegion, cache: Cache, meter: MemoryMeter, cluster = "test") {
  const [local] = here.locals;
  if (local === undefined) throw new Error("no local tier");
  return new CachedReads({ cluster, local, cache, meter });
}

function routerOf(here: TestRegion, cached: CachedReads): Router {
  const [local] = here.locals;
  if (local === undefined) throw new Error("no local tier");
  return new Router({ local, peers: new Map(), cached });
}

async function rig(shards = 1, wrapCache: (cache: MemoryCache) => Cache = (cache) => cache) {
  const reads: Reads = { commits: 0, ranges: 0 };
  const here = new TestRegion(shards, (store) => countingStore(store, reads));
  await here.start();
  const { clock } = here;
  const memory = new MemoryCache(clock);
  const cache = wrapCache(memory);
  const meter = new MemoryMeter();
  const router = routerOf(here, cachedReadsOf(here, cache, meter));
  const session = await here.open(3_600_000);
  const get = (name: string, consistency?: "cached") =>
    router.execute(
      { kind: "get", lock: lockNamed(name), ...(consistency && { consistency }) },
      call(),
    );
  const cached = async (name: string): Promise<LockState> => {
    const state = await get(name, "cached");
    if (state.kind !== "lock") throw new Error(state.message);
    return state;
  };
  const list = async (more: object = {}): Promise<ListPage> => {
    const query = {
      region: "here",
      namespace: "default",
      prefix: "",
      pageSize: 100,
      pageToken: "",
    };
    const page = await router.list({ ...query, consistency: "cached", ...more }, call());
    if (page.kind !== "page") throw new Error(page.message);
    return page;
  };
  const count = (result: string, of: "get" | "list" = "get") =>
    meter.read("holdfast_cached_reads_total", { call: of, result }) ?? 0;
  /** How many times the shards are read while `act` runs. */
  const readsOf = async (act: () => Promise<unknown>): Promise<number> => {
    const before = readsIn(reads);
    await act();
    return readsIn(reads) - before;
  };
  const rawOf = async (key: string): Promise<CacheEntry> => {
    const reply = await memory.read([key]);
    const entry = reply.kind === "read" ? reply.entries[0] : undefined;
    if (entry === undefined) throw new Error(`nothing under ${key}`);
    return entry;
  };
  const grant = (name: string) => here.grant({ session, lock: lockNamed(name) });
  return {
    here,
    clock,
    memory,
    meter,
    session,
    get,
    cached,
    list,
    count,
    readsOf,
    rawOf,
    grant,
  };
}

const holdersOf = (state: LockState) => state.holders.map(({ owner }) => owner);

test("what was read once is answered from the cache, older by its time there", async () => {
  const { clock, cached, readsOf, grant, count } = await rig();
  await grant("a");
  await clock.advance(1_000);
  const first = await cached("a");
  await clock.advance(2_000);
  expect(
    await readsOf(async () =>
      expect(await cached("a")).toEqual({
        ...first,
        ageMs: 2_000,
        holders: first.holders.map((holder) => ({ ...holder, ageMs: holder.ageMs + 2_000 })),
      }),
    ),
  ).toBe(0);
  expect(first).not.toHaveProperty("ageMs");
  expect([count("absent"), count("hit")]).toEqual([1, 1]);
});

test("a read that does not say so never comes from the cache", async () => {
  const { cached, get, here, session, grant, count } = await rig();
  const held = await grant("a");
  await cached("a");
  await here.release(held, session);
  expect(await get("a")).toMatchObject({ holderCount: 0 });
  expect(count("hit")).toBe(0);
});

test("nothing is answered that is older than five seconds, though nobody marks a change", async () => {
  const { clock, cached, here, session, grant } = await rig();
  const held = await grant("a");
  expect(holdersOf(await cached("a"))).toEqual(["test"]);
  await here.release(held, session);
  await clock.advance(4_999);
  expect(holdersOf(await cached("a"))).toEqual(["test"]);
  await clock.advance(2);
  expect(holdersOf(await cached("a"))).toEqual([]);
});

test("a mark of the lock, or of the whole shard, does away with what was read before", async () => {
  const { cached, memory, here, session, grant, count } = await rig();
  for (const key of [lockEntryKey(shardOf("s0"), lockNamed("a")), floorMarkKey(shardOf("s0"))]) {
    const held = await grant("a");
    const before = await cached("a");
    await here.release(held, session);
    await memory.write([{ key, revision: before.revision + 1n, ttlMs: markTtlMs }]);
    expect(holdersOf(await cached("a"))).toEqual([]);
    // What is read after the change is believed again.
    expect(await cached("a")).toMatchObject({ ageMs: 0 });
    memory.flush();
  }
  expect(count("outdated")).toBe(2);
});

test("a slow reader does not bring back what was marked while it read", async () => {
  let stall: Promise<void> | undefined;
  const { cached, memory, here, session, grant } = await rig(1, (cache) => ({
    read: (keys) => cache.read(keys),
    write: async (entries) => {
      await stall;
      return cache.write(entries);
    },
  }));
  const held = await grant("a");
  let go = () => {};
  stall = new Promise((resolve) => {
    go = resolve;
  });
  const before = await cached("a");
  const { revision } = before;
  await here.release(held, session);
  const key = lockEntryKey(shardOf("s0"), lockNamed("a"));
  await memory.write([{ key, revision: revision + 1n, ttlMs: markTtlMs }]);
  go();
  stall = undefined;
  await settled();
  expect(holdersOf(await cached("a"))).toEqual([]);
});

test("however many ask for one lock at once, its shard is read once", async () => {
  const { cached, readsOf, grant, count, memory } = await rig();
  await grant("hot");
  const all = () => Promise.all(Array.from({ length: 1_000 }, () => cached("hot")));
  expect(await readsOf(all)).toBe(1);
  expect([count("absent"), count("shared")]).toEqual([1, 999]);
  memory.flush();
  // With a cache that does not answer as well.
  memory.reachable = false;
  expect(await readsOf(all)).toBe(1);
});

test("who joins a read under way is told how old it may be, and joins none that drags on", async () => {
  let delayMs = 0;
  const here: TestRegion = new TestRegion(1, (store) => ({
    ...faultyStore(store, { reads: false, revokes: false }),
    commit: async (txn) => {
      if (delayMs > 0) await sleep(here.clock, delayMs);
      return store.commit(txn);
    },
  }));
  await here.start();
  const { clock } = here;
  const cached = cachedReadsOf(here, new MemoryCache(clock), new MemoryMeter());
  const get = () => cached.get({ kind: "get", lock: lockNamed("a") });
  delayMs = 1_500;
  const dragging = get();
  await clock.advance(900);
  const joined = get();
  await clock.advance(200);
  delayMs = 0;
  expect(await get()).not.toHaveProperty("ageMs");
  await clock.advance(1_000);
  expect(await dragging).not.toHaveProperty("ageMs");
  expect(await joined).toMatchObject({ kind: "lock", ageMs: 900 });
});

test("a page of a list is kept until a holder of its namespace changes, in whichever shard", async () => {
  const { list, readsOf, grant, memory, clock } = await rig(2);
  for (let index = 0; index < 20; index++) await grant(`n${index}`);
  const first = await list();
  expect(first.locks).toHaveLength(20);
  await clock.advance(500);
  let second: ListPage | undefined;
  expect(
    await readsOf(async () => {
      second = await list();
    }),
  ).toBe(0);
  expect(second).toMatchObject({ ageMs: 500, nextPageToken: "" });
  expect(second?.locks.map(({ lock }) => lock)).toEqual(first.locks.map(({ lock }) => lock));
  const late = { revision: 1_000_000n, ttlMs: markTtlMs };
  await memory.write([{ key: namespaceMarkKey(shardOf("s1"), "other"), ...late }]);
  expect(await readsOf(list)).toBe(0);
  await memory.write([{ key: namespaceMarkKey(shardOf("s1"), "default"), ...late }]);
  expect(await readsOf(list)).toBeGreaterThan(0);
});

test("pages of different questions are kept apart", async () => {
  const { list, grant } = await rig(2);
  for (let index = 0; index < 5; index++) await grant(`n${index}`);
  const whole = await list();
  const begin = await list({ pageSize: 2 });
  const rest = await list({ pageSize: 10, pageToken: begin.nextPageToken });
  const names = ({ locks }: ListPage) => locks.map(({ lock }) => lock.name);
  expect([...names(begin), ...names(rest)]).toEqual(names(whole));
  expect(names(await list({ prefix: "n1" }))).toEqual(["n1"]);
  expect(names(await list({ namespace: "tree" }))).toEqual([]);
  expect(await list({ pageSize: 2 })).toMatchObject({ ageMs: 0, locks: [{}, {}] });
});

test("a page too long for the cache is read each time", async () => {
  const { here, session, list, readsOf, meter } = await rig();
  const metadata = { note: "x".repeat(4_000) };
  for (let index = 0; index < 40; index++) {
    await here.grant({ session, lock: lockNamed(`n${index}`), metadata });
  }
  expect((await list()).locks).toHaveLength(40);
  expect(await readsOf(list)).toBeGreaterThan(0);
  expect(meter.read("holdfast_cache_fills_total", { result: "skipped" })).toBe(2);
});

test.each([
  ["wrong bytes", () => Buffer.from("nonsense")],
  ["no bytes", () => new Uint8Array(0)],
  [
    "one bit flipped",
    (bytes: Uint8Array) => bytes.map((byte, at) => (at === 60 ? byte ^ 1 : byte)),
  ],
  ["a part of it", (bytes: Uint8Array) => bytes.slice(0, -1)],
])("%s under a lock's key cost a read and are never an answer", async (_what, spoil) => {
  const { cached, memory, rawOf, grant, count } = await rig();
  await grant("a");
  const truth = await cached("a");
  const key = lockEntryKey(shardOf("s0"), lockNamed("a"));
  const { revision, value = new Uint8Array(0) } = await rawOf(key);
  await memory.write([{ key, revision, value: spoil(value), ttlMs: 5_000 }]);
  expect(await cached("a")).toEqual(truth);
  expect(count("damaged")).toBe(1);
  // It was written over.
  expect(await cached("a")).toMatchObject({ ageMs: 0 });
});

test("the entry of another lock is no answer", async () => {
  const { cached, memory, rawOf, grant, count } = await rig();
  await grant("a");
  await cached("a");
  const other = await rawOf(lockEntryKey(shardOf("s0"), lockNamed("a")));
  const key = lockEntryKey(shardOf("s0"), lockNamed("b"));
  await memory.write([{ key, ...other, ttlMs: 5_000 }]);
  expect(await cached("b")).toMatchObject({ lock: { name: "b" }, holderCount: 0 });
  expect(count("damaged")).toBe(1);
});

test("an entry or a mark of a revision to come costs reads until it ends, and no wrong answer", async () => {
  for (const value of [Buffer.from("from the future"), undefined]) {
    const { clock, cached, memory, here, session, grant } = await rig();
    const key = lockEntryKey(shardOf("s0"), lockNamed("a"));
    await memory.write([{ key, revision: 2n ** 62n, ...(value && { value }), ttlMs: 10_000 }]);
    const held = await grant("a");
    expect(holdersOf(await cached("a"))).toEqual(["test"]);
    await here.release(held, session);
    expect(holdersOf(await cached("a"))).toEqual([]);
    await clock.advance(10_000);
    await cached("a");
    expect(await cached("a")).toMatchObject({ ageMs: 0 });
  }
});

test("an answer of a router whose clock is wrong is not believed for longer than its own would be", async () => {
  const { clock, cached, memory, rawOf, grant } = await rig();
  await grant("a");
  await cached("a");
  const key = lockEntryKey(shardOf("s0"), lockNamed("a"));
  const entry = await rawOf(key);
  // A cache that keeps what it should have let go: frozen, or restored from a copy.
  await clock.advance(5_001);
  await memory.write([{ key, ...entry, ttlMs: 10_000 }]);
  expect(await cached("a")).not.toHaveProperty("ageMs");
  memory.flush();
  clock.suspend(-2_000);
  await cached("a");
  const early = await rawOf(key);
  clock.suspend(-2_000);
  await memory.write([{ key, ...early, ttlMs: 10_000 }]);
  expect(await cached("a")).not.toHaveProperty("ageMs");
});

test("whatever the cache does, an answer is right: away, flushed, or losing what it was told", async () => {
  const { cached, memory, here, session, grant, clock } = await rig();
  const troubles: (() => void)[] = [
    () => {
      memory.reachable = false;
    },
    () => {
      memory.reachable = true;
      memory.flush();
    },
    () => {
      memory.losesAnswers = true;
    },
    () => {
      memory.losesAnswers = false;
    },
  ];
  for (const trouble of troubles) {
    trouble();
    await clock.advance(5_001);
    const held = await grant("a");
    expect(holdersOf(await cached("a"))).toEqual(["test"]);
    await here.release(held, session);
    await clock.advance(5_001);
    expect(holdersOf(await cached("a"))).toEqual([]);
  }
});

test("what the shard cannot say is a failure, and is not kept", async () => {
  const faults: Faults = { reads: false, revokes: false };
  const here = new TestRegion(1, (store) => faultyStore(store, faults));
  await here.start();
  const cached = cachedReadsOf(here, new MemoryCache(here.clock), new MemoryMeter());
  const router = routerOf(here, cached);
  const query = { region: "here", namespace: "default", prefix: "", pageSize: 9, pageToken: "" };
  const list = () => router.list({ ...query, consistency: "cached" }, call());
  faults.reads = true;
  expect(await list()).toMatchObject({ kind: "failure", code: "SHARD_UNAVAILABLE" });
  faults.reads = false;
  expect(await list()).toMatchObject({ kind: "page" });
  faults.reads = true;
  // What is in the cache is there for who can do with it, while the shard is not.
  expect(await list()).toMatchObject({ kind: "page", ageMs: 0 });
  const bad = await router.list({ ...query, pageToken: "x", consistency: "cached" }, call());
  expect(bad).toMatchObject({ code: "INVALID_ARGUMENT", field: "page_token" });
});

test("two installations that share a cache do not see each other's locks", async () => {
  const { here, memory, cached, grant } = await rig();
  await grant("a");
  await cached("a");
  const meter = new MemoryMeter();
  for (const cluster of ["other", "test/here", "a name with blanks and ünicode"]) {
    const reads = cachedReadsOf(here, memory, meter, cluster);
    await reads.get({ kind: "get", lock: lockNamed("a") });
  }
  expect(meter.read("holdfast_cached_reads_total", { call: "get", result: "absent" })).toBe(3);
});

test("a read-heavy mix is answered from the cache for at least four reads of five", async () => {
  const { clock, cached, memory, here, session, count } = await rig();
  const random = new SeededRandom(11);
  const key = (name: string) => lockEntryKey(shardOf("s0"), lockNamed(name));
  const held = new Map<string, Awaited<ReturnType<typeof here.grant>>>();
  // 19 reads to a change, over 200 locks of which few are asked for most often.
  for (let step = 0; step < 20_000; step++) {
    const name = `n${Math.floor(200 * random.next() ** 2)}`;
    if (random.next() < 0.05) {
      const grant = held.get(name);
      held.delete(name);
      if (grant !== undefined) await here.release(grant, session);
      else
        held.set(
          name,
          await here.grant({
            session,
            lock: lockNamed(name),
            requestId: randomUuid(random) as RequestId,
          }),
        );
      const state = await here.router().execute({ kind: "get", lock: lockNamed(name) }, call());
      if (state.kind !== "lock") throw new Error(state.message);
      await memory.write([{ key: key(name), revision: state.revision, ttlMs: markTtlMs }]);
    } else {
      expect((await cached(name)).holderCount).toBe(held.has(name) ? 1 : 0);
    }
    // 1,000 a second.
    clock.stall(1);
  }
  const all = ["hit", "shared", "absent", "outdated", "damaged", "unavailable"].map((result) =>
    count(result),
  );
  const [hit = 0, shared = 0] = all;
  const ratio = (hit + shared) / all.reduce((sum, each) => sum + each, 0);
  expect(ratio).toBeGreaterThan(0.8);
});
