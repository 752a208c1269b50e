import { utf8 } from "@holdfast/base/bytes";
import { Cancellation } from "@holdfast/base/cancellation";
import type { RequestId, SessionId } from "@holdfast/base/ids";
import { integerBelow, SeededRandom } from "@holdfast/base/random";
import { sessionReference } from "@holdfast/core/audit/session-reference";
import { encodeTimeMark, timeMarkKey } from "@holdfast/core/audit/time-mark";
import { parseKey } from "@holdfast/core/lock/keys";
import { decodeRecord, tokenOf } from "@holdfast/core/lock/record";
import { expect, test } from "vitest";
import type { ShardStore } from "./ports/shard-store.ts";
import { AuditReader } from "./testing/audit-reader.ts";
import { AuditReplay } from "./testing/audit-replay.ts";
import { call, TestRegion } from "./testing/region.ts";

const lock = { region: "here", namespace: "default", name: "l" };

async function setUp(routers = 1) {
  const region = new TestRegion(1);
  await region.start(routers);
  const [store] = region.stores;
  if (store === undefined) throw new Error("a region has a shard");
  const reader = new AuditReader(store);
  const settle = () => region.clock.advance(100);
  const put = async (key: string, value: Uint8Array) => {
    const success = [{ kind: "put", key, value, lease: 0n }] as const;
    await store.commit({ compares: [], success, failure: [] });
  };
  /** Begins an acquire that waits, and lets its place be taken. */
  const queue = async (owner: string, session: SessionId | undefined, more: object = {}) => {
    const whose = session === undefined ? { ttlMs: 5_000 } : { session };
    void region.acquire({ owner, waitMs: 60_000, ...whose, ...more });
    await region.clock.advance(50);
  };
  return { region, store, reader, settle, put, queue };
}

test("a grant and its release under a session are told with whose they are, and no secret", async () => {
  const { region, reader, settle } = await setUp();
  const session = await region.open();
  const grant = await region.grant({ session, owner: "a", metadata: { secret: "m" } });
  await region.release(grant, session);
  await settle();
  expect(reader.told).toEqual(["SessionOpened", "LockAcquired a", "LockReleased a released"]);
  const whose = {
    lock,
    grantId: grant.grantId,
    token: grant.token,
    mode: "exclusive",
    owner: "a",
    session: sessionReference(session),
    ttlMs: 10_000,
  };
  expect(reader.events[1]).toEqual({
    kind: "LockAcquired",
    cluster: "here.s0",
    region: "here",
    shard: "s0",
    revision: expect.any(BigInt),
    index: 0,
    atMs: 0,
    ...whose,
  });
  expect(reader.events[2]).toMatchObject(whose);
  const lines = reader.events.map((event) => `${Object.values(event).map(String)}`).join();
  expect(lines).not.toContain(session);
  expect(lines).not.toContain("secret");
});

test("a lock that goes from hand to hand is told as a release and a hand-over", async () => {
  const { region, reader, settle, queue } = await setUp();
  const session = await region.open();
  const grant = await region.grant({ session, owner: "a" });
  await queue("b", session);
  await region.release(grant, session);
  await settle();
  expect(reader.told).toEqual([
    "SessionOpened",
    "LockAcquired a",
    "WaiterQueued b",
    "LockReleased a released",
    "LockHandedOver b",
  ]);
  const [, , queued, released, handedOver] = reader.events;
  expect(handedOver).toMatchObject({ from: grant.grantId, queuedAt: queued?.revision, index: 1 });
  expect(released).toMatchObject({ revision: handedOver?.revision, index: 0 });
});

test("a session whose client is gone loses its locks and places, and the next one is promoted", async () => {
  const { region, reader, queue } = await setUp();
  const gone = await region.open(5_000);
  const lives = await region.open(60_000);
  await region.grant({ session: gone, owner: "gone" });
  await queue("gone too", gone);
  await queue("next", lives);
  await region.clock.advance(10_000);
  expect(reader.told).toEqual([
    "SessionOpened",
    "SessionOpened",
    "LockAcquired gone",
    "WaiterQueued gone too",
    "WaiterQueued next",
    "LockExpired gone",
    "WaiterLeft gone too expired",
    "SessionEnded expired",
    "LockAcquired next",
  ]);
  expect(reader.events.at(-1)).toMatchObject({ queuedAt: reader.events[4]?.revision });
});

test("a session that is closed releases its locks, and nothing of it expires", async () => {
  const { region, reader, settle, queue } = await setUp();
  const session = await region.open();
  await region.grant({ session, owner: "a" });
  await queue("b", session);
  await region.router().execute({ kind: "close-session", session, leases: [] }, call());
  await settle();
  expect(reader.toldOfLocks.slice(2)).toEqual([
    "LockReleased a session-closed",
    "WaiterLeft b session-closed",
  ]);
  expect(reader.told.at(-1)).toBe("SessionEnded closed");
});

test("a grant with a ttl of its own is renewed under the token it has, and expires by itself", async () => {
  const { region, reader } = await setUp();
  const grant = await region.grant({ ttlMs: 5_000, owner: "a" });
  await region.clock.advance(3_000);
  const { grantId, token } = grant;
  const renew = { kind: "renew", lock, grantId, token, ttlMs: 7_000 } as const;
  expect(await region.router().execute(renew, call())).toMatchObject({ kind: "renewed" });
  await region.clock.advance(20_000);
  expect(reader.told).toEqual(["LockAcquired a", "LockRenewed a", "LockExpired a"]);
  expect(reader.events.map((event) => "token" in event && event.token)).toEqual([
    token,
    token,
    token,
  ]);
  expect(reader.events.map((event) => "ttlMs" in event && event.ttlMs)).toEqual([
    5_000, 7_000, 7_000,
  ]);
});

test("a forced release names who forced it and why, for each holder", async () => {
  const { region, reader, settle } = await setUp();
  const session = await region.open();
  await region.grant({ session, owner: "a", mode: "shared" });
  await region.grant({ session, owner: "b", mode: "shared" });
  const who = { actor: "ops \u{1f512}", reason: "stuck\n" };
  const requestId = "forced" as RequestId;
  await region.router().execute({ kind: "force-release", lock, requestId, ...who }, call());
  await settle();
  const forced = reader.events.filter(({ kind }) => kind === "LockForceReleased");
  expect(forced).toMatchObject([who, who]);
  expect(reader.told.slice(3).sort()).toEqual(["LockForceReleased a", "LockForceReleased b"]);
});

test("a waiter that cancels and one whose time is over leave the line, and have no lock", async () => {
  const { region, reader, settle } = await setUp();
  const session = await region.open();
  await region.grant({ session, owner: "a" });
  const cancellation = new Cancellation();
  void region.acquire({ session, owner: "gone", waitMs: 60_000 }, 0, { cancellation });
  await settle();
  cancellation.cancel();
  await settle();
  void region.acquire({ session, owner: "late", waitMs: 1_000 });
  await region.clock.advance(2_000);
  expect(reader.toldOfLocks.slice(1)).toEqual([
    "WaiterQueued gone",
    "WaiterLeft gone withdrawn",
    "WaiterQueued late",
    "WaiterLeft late withdrawn",
  ]);
});

test("shared holders come one by one, and a run of them out of the line at once", async () => {
  const { region, reader, settle, queue } = await setUp();
  const session = await region.open();
  const grant = await region.grant({ session, owner: "a" });
  await queue("b", session, { mode: "shared" });
  await queue("c", session, { mode: "shared" });
  await region.release(grant, session);
  await settle();
  const told = reader.toldOfLocks.slice(3);
  expect(told[0]).toBe("LockReleased a released");
  expect(told.slice(1).sort()).toEqual(["LockHandedOver b", "LockHandedOver c"]);
  const handed = reader.events.filter(({ kind }) => kind === "LockHandedOver");
  expect(handed).toMatchObject([
    { mode: "shared", index: 1 },
    { mode: "shared", index: 2 },
  ]);
});

test("a waiter with a ttl of its own that keeps its place by a repeat is told once", async () => {
  const { region, reader } = await setUp();
  const session = await region.open(60_000);
  await region.grant({ session, owner: "a" });
  const request = {
    owner: "b",
    waitMs: 60_000,
    ttlMs: 5_000,
    requestId: "r".repeat(36) as RequestId,
  };
  void region.acquire(request);
  await region.clock.advance(2_000);
  void region.acquire(request);
  await region.clock.advance(2_000);
  expect(reader.toldOfLocks.slice(1)).toEqual(["WaiterQueued b"]);
});

test("a release that also refuses late copies of its request is one release", async () => {
  const { region, reader, settle } = await setUp();
  const session = await region.open();
  const grant = await region.grant({ session, owner: "a" });
  await region.release(grant, session, 0, true);
  await region.release(grant, session, 0, true);
  await settle();
  expect(reader.toldOfLocks).toEqual(["LockAcquired a", "LockReleased a released"]);
});

test("an event has the time of the last mark at or below its revision", async () => {
  const { region, reader, settle, put } = await setUp();
  const session = await region.open();
  await put(timeMarkKey, encodeTimeMark(5_000.4));
  const grant = await region.grant({ session, owner: "a" });
  await put(timeMarkKey, utf8("no time"));
  await put(timeMarkKey, encodeTimeMark(6_000));
  await region.release(grant, session);
  await settle();
  const times = reader.events.map(({ atMs }) => atMs);
  expect(times.slice(-2)).toEqual([5_000, 6_000]);
});

/** What the store has, as {@link AuditReplay} says it. */
async function standingIn(store: ShardStore): Promise<string[]> {
  const kinds = await Promise.all(
    ["q", "s", "x"].map((kind) =>
      store.range({ kind: "range", key: `${kind}/`, rangeEnd: `${kind}0` }),
    ),
  );
  const kvs = kinds.flatMap((reply) => (reply.kind === "read" ? reply.range.kvs : []));
  const texts = kvs.map((kv) => {
    const key = parseKey(kv.key);
    const record = decodeRecord(kv.value);
    if (key === undefined || record === undefined) throw new Error(kv.key);
    const what = `here/${key.namespace}/${key.name} ${key.grantId}`;
    return key.kind === "q"
      ? `place ${what} in the shard`
      : `holder ${what} ${tokenOf(kv, record)}`;
  });
  return texts.sort();
}

/** Clients of two routers that acquire, wait, give up, release, close and die, by a seed. */
async function busyRegion(seed: number) {
  const world = await setUp(2);
  const { region } = world;
  const random = new SeededRandom(seed);
  const pick = <T>(items: readonly T[]) => items[integerBelow(random, items.length)] as T;
  const sessions = await Promise.all([0, 1, 2, 3].map(() => region.open(6_000)));
  const leaves: (() => void)[] = [];
  for (let turn = 0; turn < 120; turn++) {
    const router = integerBelow(random, 2);
    const session = pick([...sessions, undefined]);
    const whose = session === undefined ? { ttlMs: 3_000 } : { session };
    const cancellation = new Cancellation();
    const command = {
      owner: `${turn}`,
      waitMs: pick([0, 500, 5_000]),
      mode: pick(["shared", "exclusive"] as const),
      lock: { ...lock, name: pick(["a", "b/c", "tree"]) },
      ...whose,
    };
    void region.acquire(command, router, { cancellation }).then((outcome) => {
      if (outcome.kind !== "granted") return;
      leaves.push(() => void region.release(outcome.grant, session, router, turn % 3 === 0));
    });
    if (random.next() < 0.1) leaves.push(() => cancellation.cancel());
    if (random.next() < 0.6) leaves.splice(integerBelow(random, leaves.length + 1), 1)[0]?.();
    if (random.next() < 0.5) await region.clock.advance(integerBelow(random, 300));
    if (turn % 40 === 20) {
      const close = { kind: "close-session", session: pick(sessions), leases: [] } as const;
      void region.router(router).execute(close, call());
    }
  }
  return world;
}

test.each([1, 2, 3, 4, 5, 6])(
  "the events add up to what stands in the store (seed %i)",
  async (seed) => {
    const { region, store, reader, settle } = await busyRegion(seed);
    await settle();
    const standing = await standingIn(store);
    expect(new AuditReplay(reader.events).standing).toEqual(standing);
    expect(reader.events.length).toBeGreaterThan(60);
    await region.clock.advance(60_000);
    expect(new AuditReplay(reader.events).standing).toEqual([]);
  },
);

test("a history that is read again, from any revision on, tells the same", async () => {
  const { region, store, reader } = await busyRegion(7);
  await region.clock.advance(20_000);
  const some = reader.checkpoints.filter((_, index) => index % 7 === 0);
  for (const checkpoint of some) {
    const other = new AuditReader(store, "here", checkpoint);
    await region.clock.advance(0);
    const rest = reader.events.filter(({ revision }) => revision > checkpoint.revision);
    expect(other.events).toEqual(rest);
  }
  const ids = new Set(reader.events.map(({ revision, index }) => `${revision}.${index}`));
  expect(ids.size).toBe(reader.events.length);
  expect(reader.told).toContain("SessionEnded closed");
});
