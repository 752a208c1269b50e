import { utf8 } from "@holdfast/base/bytes";
import type { LeaseId } from "@holdfast/base/ids";
import { ManualClock } from "@holdfast/base/manual-clock";
import { SeededRandom } from "@holdfast/base/random";
import type { Op, Txn } from "@holdfast/core/txn/txn";
import { describe, expect, it } from "vitest";
import type { WatchEvent } from "../ports/shard-store.ts";
import { MemoryShardStore } from "./memory-shard-store.ts";

function put(key: string, lease = 0n): Op {
  return { kind: "put", key, value: utf8(key), lease };
}

function write(...ops: Op[]): Txn {
  return { compares: [], success: ops, failure: [] };
}

function setUp(leaseLateMs: () => number = () => 0) {
  const clock = new ManualClock();
  const store = new MemoryShardStore({ clock, random: new SeededRandom(1), leaseLateMs });
  const grant = async (ttlS: number): Promise<LeaseId> => {
    const reply = await store.grantLease(ttlS);
    if (reply.kind !== "granted") throw new Error(reply.message);
    return reply.lease;
  };
  const keysOn = async (lease: LeaseId) => {
    const reply = await store.leaseKeys(lease);
    if (reply.kind !== "lease") throw new Error(reply.message);
    return reply;
  };
  return { clock, store, grant, keysOn };
}

/** Collects what a watch over all keys is told. */
function watchAll(store: MemoryShardStore, startRevision = 1n) {
  const seen: string[] = [];
  const watch = store.watch(
    { key: "a", rangeEnd: "z", startRevision },
    {
      onEvents: (revision, events: readonly WatchEvent[]) => {
        seen.push(`${revision}: ${events.map((each) => `${each.kind} ${each.kv.key}`).join(", ")}`);
      },
      onEnd: (reason) => seen.push(reason),
    },
  );
  return { seen, watch };
}

describe("leases of MemoryShardStore", () => {
  it("end at their ttl, never before, and delete all their keys in one revision", async () => {
    const { clock, store, grant, keysOn } = setUp();
    const lease = await grant(5);
    await store.commit(write(put("b", lease), put("a", lease), put("c")));
    const { seen } = watchAll(store, 3n);
    await clock.advance(4_999);
    expect(await keysOn(lease)).toMatchObject({ remainingS: 0, keys: ["a", "b"] });
    await clock.advance(1);
    expect(await keysOn(lease)).toEqual({ kind: "lease", remainingS: -1, keys: [] });
    await clock.advance(0);
    expect(seen).toEqual(["3: delete a, delete b"]);
  });

  it("start again at a keepalive, and answer 0 once they have ended", async () => {
    const { clock, store, grant } = setUp();
    const lease = await grant(5);
    await clock.advance(4_000);
    expect(await store.keepAlive(lease)).toEqual({ kind: "kept", ttlS: 5 });
    await clock.advance(4_999);
    expect(await store.keepAlive(lease)).toEqual({ kind: "kept", ttlS: 5 });
    await clock.advance(5_000);
    expect(await store.keepAlive(lease)).toEqual({ kind: "kept", ttlS: 0 });
  });

  it("answer a keepalive that came too late only when they have ended, with 0", async () => {
    const { clock, store, grant, keysOn } = setUp(() => 700);
    const lease = await grant(2);
    await clock.advance(2_100);
    let answer: unknown;
    void store.keepAlive(lease).then((reply) => {
      answer = reply;
    });
    await clock.advance(500);
    expect([answer, (await keysOn(lease)).remainingS]).toEqual([undefined, 0]);
    await clock.advance(100);
    expect(answer).toEqual({ kind: "kept", ttlS: 0 });
  });

  it("get their whole ttl again when the leader changes, and the late keepalive is unknown", async () => {
    const { clock, store, grant, keysOn } = setUp(() => 1_000);
    const lease = await grant(2);
    await clock.advance(2_500);
    const late = store.keepAlive(lease);
    store.restartLeases();
    expect((await late).kind).toBe("unknown");
    await clock.advance(2_999);
    expect((await keysOn(lease)).remainingS).toBe(0);
    await clock.advance(1);
    expect((await keysOn(lease)).remainingS).toBe(-1);
  });

  it("have ids that never repeat, and leave no timer behind", async () => {
    const { clock, store, grant } = setUp();
    const ids = new Set<bigint>();
    for (let round = 0; round < 1_000; round++) {
      const lease = await grant(2);
      expect(lease).toBeGreaterThan(0n);
      expect(lease).toBeLessThan(2n ** 63n);
      ids.add(lease);
      await store.revokeLease(lease);
    }
    expect([ids.size, clock.pendingTimers]).toEqual([1_000, 0]);
  });
});

describe("watches of MemoryShardStore", () => {
  it("are never called in the stack of the write, and not at all after they were cancelled", async () => {
    const { clock, store } = setUp();
    const { seen, watch } = watchAll(store);
    void store.commit(write(put("a")));
    expect(seen).toEqual([]);
    await clock.advance(0);
    void store.commit(write(put("b")));
    watch.cancel();
    await clock.advance(0);
    expect([seen, clock.pendingTimers]).toEqual([["2: put a"], 0]);
  });

  it("lose what was under way when the connection is lost, and say so once", async () => {
    const { clock, store } = setUp();
    const { seen } = watchAll(store);
    await store.commit(write(put("a")));
    store.interruptWatches();
    await store.commit(write(put("b")));
    await clock.advance(0);
    expect(seen).toEqual(["interrupted"]);
  });

  it("are told they are compacted once the history has outgrown its bound", async () => {
    const { clock, store } = setUp();
    const round = write(...Array.from({ length: 100 }, (_, index) => put(`k${index}`)));
    for (let revision = 2; revision < 2_100; revision++) await store.commit(round);
    const fromStart = watchAll(store, 2n);
    const fromLater = watchAll(store, 2_050n);
    await clock.advance(0);
    expect(fromStart.seen).toEqual(["compacted"]);
    expect(fromLater.seen).toHaveLength(50);
  });
});

describe("MemoryShardStore without space", () => {
  it("refuses what could put a key, and still deletes and ends leases", async () => {
    const { store, grant } = setUp();
    const lease = await grant(10);
    await store.commit(write(put("a"), put("b", lease)));
    store.noSpace = true;
    const untaken: Txn = { compares: [], success: [], failure: [put("c")] };
    expect(await store.commit(untaken)).toMatchObject({ kind: "rejected", reason: "no-space" });
    expect(await store.grantLease(5)).toMatchObject({ kind: "rejected", reason: "no-space" });
    const deletion = await store.commit(write({ kind: "delete", key: "a" }));
    expect(deletion).toMatchObject({ kind: "committed", revision: 3n });
    await store.revokeLease(lease);
    expect(store.keys).toBe(0);
    store.noSpace = false;
    expect((await store.commit(write(put("a")))).kind).toBe("committed");
  });
});
