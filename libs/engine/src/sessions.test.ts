import type { RequestId } from "@holdfast/base/ids";
import type { SessionLease } from "@holdfast/core/command/command";
import { limits } from "@holdfast/core/limits";
import { expect, test } from "vitest";
import { faultyStore } from "./testing/faulty-store.ts";
import { call, TestRegion } from "./testing/region.ts";

const lock = (name: string) => ({ region: "here", namespace: "default", name });
const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
const { locksPerSessionMax } = limits;

async function held(here: TestRegion): Promise<number> {
  const page = { region: "here", namespace: "default", prefix: "", pageSize: 1_000, pageToken: "" };
  const list = await here.router().list(page, call());
  return list.kind === "page" ? list.locks.length : -1;
}

test("a close ends what the session has through another router, too", async () => {
  for (const named of [true, false]) {
    const here = new TestRegion(2);
    await here.start(2);
    const session = await here.open();
    const beat = { kind: "heartbeat", session, ttlMs: 10_000, leases: [], list: false } as const;
    await here.router(1).execute(beat, call());
    const leases: SessionLease[] = [];
    for (const name of names) {
      const { lease } = await here.grant({ session, lock: lock(name) }, 0);
      if (leases.every(({ shard }) => shard !== lease.shard)) leases.push(lease);
    }
    expect(leases).toHaveLength(2);
    const close = { kind: "close-session", session, leases: named ? leases : [] } as const;
    expect(await here.router(1).execute(close, call())).toEqual({ kind: "closed" });
    expect(await held(here)).toBe(0);
  }
});

test("a close ends a session in the other shards where one cannot be reached", async () => {
  for (const down of [0, 1]) {
    const faults = { reads: false, revokes: false };
    let made = 0;
    const here = new TestRegion(2, (store) =>
      made++ === down ? faultyStore(store, faults) : store,
    );
    await here.start();
    const session = await here.open();
    const shards: string[] = [];
    for (const name of names) {
      shards.push((await here.grant({ session, lock: lock(name) })).lease.shard);
    }
    faults.revokes = true;
    const close = { kind: "close-session", session, leases: [] } as const;
    const outcome = await here.router().execute(close, call());
    expect(outcome).toMatchObject({ code: "SHARD_UNAVAILABLE", shard: `here/s${down}` });
    expect(await held(here)).toBe(shards.filter((shard) => shard === `s${down}`).length);
    faults.revokes = false;
    expect(await here.router().execute(close, call())).toEqual({ kind: "closed" });
    expect(await held(here)).toBe(0);
  }
});

test("requests that come together do not pass the limit of a session", async () => {
  const here = new TestRegion(1);
  await here.start();
  const session = await here.open();
  const asked = Array.from({ length: locksPerSessionMax + 5 }, (_, index) =>
    here.acquire({ session, lock: lock(`n${index}`) }),
  );
  await here.clock.advance(10);
  const kinds = (await Promise.all(asked)).map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind === "granted")).toHaveLength(locksPerSessionMax);
  expect(await held(here)).toBe(locksPerSessionMax);
});

test("a router that meets a session counts what it holds already", async () => {
  const here = new TestRegion(1);
  await here.start(2);
  const session = await here.open(60_000);
  for (let index = 0; index < locksPerSessionMax; index++) {
    await here.grant({ session, lock: lock(`n${index}`) }, 0);
  }
  expect(await here.acquire({ session }, 1)).toMatchObject({ code: "QUOTA_EXCEEDED" });
});

test("what was released through another router does not count for ever", async () => {
  const here = new TestRegion(1);
  await here.start(2);
  const session = await here.open(60_000);
  for (let round = 0; round <= locksPerSessionMax; round++) {
    const grant = await here.grant({ session, lock: lock(`n${round}`) }, 0);
    await here.release(grant, session, 1);
  }
  expect(await held(here)).toBe(0);
});

test("repeats of what a session holds take no room from its next lock", async () => {
  const here = new TestRegion(1);
  await here.start();
  const session = await here.open(60_000);
  const many = Array.from({ length: locksPerSessionMax - 1 }, (_, index) => ({
    session,
    lock: lock(`n${index}`),
    requestId: `r${index}` as RequestId,
  }));
  const first = many.map((command) => here.acquire(command));
  await here.clock.advance(10);
  await Promise.all(first);
  // Recounting would hide a wrong count; it has just been done, and is not done again so soon.
  const last = await here.grant({ session, lock: lock("last") });
  expect(await here.acquire({ session, lock: lock("over") })).toMatchObject({
    code: "QUOTA_EXCEEDED",
  });
  await here.release(last, session);
  const repeats = many.map((command) => here.acquire(command));
  const next = here.acquire({ session, lock: lock("next") });
  await here.clock.advance(10);
  const kinds = (await Promise.all([...repeats, next])).map(({ kind }) => kind);
  expect(new Set(kinds)).toEqual(new Set(["granted"]));
});
