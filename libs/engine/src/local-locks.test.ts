import { Cancellation } from "@holdfast/base/cancellation";
import type { RequestId } from "@holdfast/base/ids";
import { settled } from "@holdfast/base/manual-clock";
import { tokenEpoch } from "@holdfast/core/fencing/token";
import { expect, test } from "vitest";
import { call, TestRegion } from "./testing/region.ts";

async function region(routers = 1, shards = 2): Promise<TestRegion> {
  const made = new TestRegion(shards);
  await made.start(routers);
  return made;
}

test("a free lock is granted and a held one names its holder", async () => {
  const here = await region();
  const session = await here.open();
  const grant = await here.grant({ session, owner: "first" });
  expect(tokenEpoch(grant.token)).toBe(1);
  const other = await here.open();
  const held = await here.acquire({ session: other });
  expect(held).toMatchObject({ kind: "held", queueLength: 0, holders: [{ owner: "first" }] });
});

test("a repeat gets the same grant, and another request does not", async () => {
  const here = await region();
  const session = await here.open();
  const requestId = "r1" as RequestId;
  const grant = await here.grant({ session, requestId });
  const again = await here.grant({ session, requestId });
  expect(again.token).toBe(grant.token);
  expect(await here.acquire({ session })).toMatchObject({ kind: "held" });
  expect(await here.acquire({ session, requestId, mode: "shared" })).toMatchObject({
    code: "INVALID_ARGUMENT",
    field: "request_id",
  });
});

test("tokens rise with every change of holder", async () => {
  const here = await region();
  const session = await here.open();
  let last = 0n;
  for (let round = 0; round < 5; round++) {
    const grant = await here.grant({ session });
    expect(grant.token).toBeGreaterThan(last);
    last = grant.token;
    expect(await here.release(grant, session)).toMatchObject({ kind: "released" });
  }
});

test("waiters are granted in order, handed over by the release", async () => {
  const here = await region();
  const session = await here.open();
  const first = await here.grant({ session });
  const waiting = [];
  for (let index = 0; index < 5; index++) {
    waiting.push(here.acquire({ session, waitMs: 60_000, owner: `w${index}` }));
    await here.clock.advance(50);
  }
  let holder = first;
  for (const next of waiting) {
    expect(await here.release(holder, session)).toMatchObject({ handedOver: true });
    const outcome = await next;
    if (outcome.kind !== "granted") throw new Error(outcome.kind);
    expect(outcome.grant.token).toBeGreaterThan(holder.token);
    holder = outcome.grant;
    await here.clock.advance(50);
  }
});

test("a waiter that releases at once is released, though its router has not seen it promoted", async () => {
  const here = await region();
  const session = await here.open();
  const first = await here.grant({ session });
  const waiting = [];
  for (let index = 0; index < 3; index++) {
    waiting.push(here.acquire({ session, waitMs: 60_000, owner: `w${index}` }));
    await here.clock.advance(50);
  }
  const firstRelease = here.release(first, session);
  const second = await waiting[0];
  if (second?.kind !== "granted") throw new Error(second?.kind);
  expect(await here.release(second.grant, session)).toMatchObject({ handedOver: true });
  expect(await firstRelease).toMatchObject({ handedOver: true });
  const third = await waiting[1];
  if (third?.kind !== "granted") throw new Error(third?.kind);
  expect(third.grant.token).toBeGreaterThan(second.grant.token);
  expect(await here.release(third.grant, session)).toMatchObject({ kind: "released" });
  await here.clock.advance(100);
  expect(await waiting[2]).toMatchObject({ kind: "granted" });
});

test("a newcomer does not overtake the queue", async () => {
  const here = await region();
  const session = await here.open();
  const holder = await here.grant({ session });
  const waiter = here.acquire({ session, waitMs: 60_000 });
  await here.clock.advance(50);
  await here.release(holder, session);
  expect(await here.acquire({ session })).toMatchObject({ kind: "held" });
  expect(await waiter).toMatchObject({ kind: "granted" });
});

test("shared holders stand together and are promoted together", async () => {
  const here = await region();
  const session = await here.open();
  const writer = await here.grant({ session });
  const readers = [0, 1, 2].map(() => here.acquire({ session, mode: "shared", waitMs: 60_000 }));
  await here.clock.advance(50);
  await here.release(writer, session);
  const outcomes = await Promise.all(readers);
  const tokens = outcomes.map((outcome) => outcome.kind === "granted" && outcome.grant.token);
  expect(new Set(tokens).size).toBe(1);
  expect(await here.acquire({ session })).toMatchObject({ kind: "held" });
  expect(await here.acquire({ session, mode: "shared" })).toMatchObject({ kind: "granted" });
});

test("the last of shared holders hands over to a writer", async () => {
  const here = await region();
  const session = await here.open();
  const [one, two] = [
    await here.grant({ session, mode: "shared" }),
    await here.grant({ session, mode: "shared" }),
  ];
  const writer = here.acquire({ session, waitMs: 60_000 });
  await here.clock.advance(50);
  expect(await here.release(one, session)).toMatchObject({ handedOver: false });
  await here.clock.advance(50);
  expect(await here.release(two, session)).toMatchObject({ handedOver: true });
  expect(await writer).toMatchObject({ kind: "granted", grant: { mode: "exclusive" } });
});

test("another router promotes the waiter of a dead one, and its repeat finds the grant", async () => {
  const here = await region(2);
  const session = await here.open();
  const holder = await here.grant({ session });
  const requestId = "w" as RequestId;
  const keep = { onCallerLost: "keep" as const };
  void here.acquire({ session, requestId, waitMs: 60_000 }, 1, keep);
  await here.clock.advance(50);
  here.locals[1]?.stop();
  const second = here.acquire({ session, waitMs: 60_000 }, 0);
  await here.clock.advance(50);
  await here.release(holder, session, 0);
  await here.clock.advance(200);
  const found = await here.grant({ session, requestId, waitMs: 60_000 }, 0);
  await here.release(found, session, 0);
  expect(await second).toMatchObject({ kind: "granted" });
});

test("a wait that ends leaves the queue", async () => {
  const here = await region();
  const session = await here.open();
  await here.grant({ session });
  const waiter = here.acquire({ session, waitMs: 1_000 });
  await here.clock.advance(1_100);
  expect(await waiter).toMatchObject({ kind: "timeout", queueLength: 0 });
  const state = await here
    .router()
    .execute({ kind: "get", lock: { region: "here", namespace: "default", name: "l" } }, call());
  expect(state).toMatchObject({ kind: "lock", holderCount: 1, waiterCount: 0 });
});

test("a wait that ends names who has the lock by then, however it got in line", async () => {
  const here = await region();
  const [first, second] = [await here.open(), await here.open()];
  const holder = await here.grant({ session: first });
  const next = here.acquire({ session: second, owner: "next", waitMs: 60_000 });
  await here.clock.advance(50);
  const last = here.acquire({ session: first, waitMs: 1_000 });
  await here.clock.advance(50);
  await here.release(holder, first);
  expect(await next).toMatchObject({ kind: "granted" });
  await here.clock.advance(1_100);
  expect(await last).toMatchObject({ kind: "timeout", holders: [{ owner: "next" }] });
});

test("a cancelled request is refused when a late copy of it arrives", async () => {
  const here = await region();
  const session = await here.open();
  const requestId = "late" as RequestId;
  const grant = await here.grant({ session, requestId });
  expect(await here.release(grant, session, 0, true)).toMatchObject({ kind: "released" });
  expect(await here.acquire({ session, requestId })).toMatchObject({ kind: "cancelled" });
});

test("a session without heartbeats ends, and its lock goes to the next in line", async () => {
  const here = await region();
  const session = await here.open(3_000);
  await here.grant({ session });
  const other = await here.open(60_000);
  const waiter = here.acquire({ session: other, waitMs: 30_000 });
  await here.clock.advance(4_000);
  expect(await waiter).toMatchObject({ kind: "granted" });
  expect(await here.acquire({ session })).toMatchObject({ code: "SESSION_EXPIRED" });
});

test("heartbeats keep a session, and an ended lease is lost for good", async () => {
  const here = await region();
  const session = await here.open(3_000);
  const grant = await here.grant({ session });
  const beat = () =>
    here
      .router()
      .execute(
        { kind: "heartbeat", session, ttlMs: 3_000, leases: [grant.lease], list: true },
        call(),
      );
  for (let round = 0; round < 5; round++) {
    await here.clock.advance(1_000);
    const answer = await beat();
    const [named] = answer.kind === "heartbeat" ? answer.leases : [];
    expect(named).toMatchObject({
      unknown: false,
      held: [{ kind: "holder", grantId: grant.grantId }],
    });
  }
  await here.clock.advance(5_000);
  const answer = await beat();
  const [named] = answer.kind === "heartbeat" ? answer.leases : [];
  expect(named).toMatchObject({ lease: grant.lease, validForMs: 0, unknown: false });
});

test("a heartbeat keeps a place in line in a shard its client has not heard of yet", async () => {
  const here = await region();
  const holder = await here.open(60_000);
  const waiter = await here.open(3_000);
  const state = { kind: "heartbeat", session: waiter, ttlMs: 3_000, list: false } as const;
  const first = await here.router().execute({ ...state, leases: [] }, call());
  const leases = first.kind === "heartbeat" ? first.leases.map((answer) => answer.lease) : [];
  // Both shards hold some of these locks; the session has a lease in one shard.
  const locks = ["a", "b", "c", "d", "e", "f", "g", "h"].map((name) => ({
    region: "here",
    namespace: "default",
    name,
  }));
  const held = await Promise.all(locks.map((lock) => here.grant({ session: holder, lock })));
  const waits = locks.map((lock) => here.acquire({ session: waiter, lock, waitMs: 60_000 }));
  for (let round = 0; round < 6; round++) {
    await here.clock.advance(1_000);
    const answer = await here.router().execute({ ...state, leases }, call());
    expect(answer.kind === "heartbeat" && answer.leases.length).toBe(2);
  }
  await Promise.all(held.map((grant) => here.release(grant, holder)));
  await here.clock.advance(100);
  for (const wait of waits) expect(await wait).toMatchObject({ kind: "granted" });
});

test("a lock with a ttl of its own is renewed, and ends when it is not", async () => {
  const here = await region();
  const grant = await here.grant({ ttlMs: 2_000 });
  const { lock, grantId, token } = grant;
  await here.clock.advance(1_500);
  const renew = () =>
    here.router().execute({ kind: "renew", lock, grantId, token, ttlMs: 2_000 }, call());
  expect(await renew()).toMatchObject({ kind: "renewed" });
  await here.clock.advance(1_500);
  expect(await here.acquire({ ttlMs: 2_000 })).toMatchObject({ kind: "held" });
  await here.clock.advance(3_000);
  expect(await renew()).toMatchObject({ code: "LOST" });
  expect(await here.acquire({ ttlMs: 2_000 })).toMatchObject({ kind: "granted" });
});

test("in a hierarchical namespace a parent excludes its children and the other way round", async () => {
  const here = await region();
  const session = await here.open();
  const at = (name: string) => ({ lock: { region: "here", namespace: "tree", name } });
  const child = await here.grant({ session, ...at("a/b/c") });
  expect(await here.acquire({ session, ...at("a/b") })).toMatchObject({ kind: "held" });
  expect(await here.acquire({ session, ...at("a/x") })).toMatchObject({ kind: "granted" });
  const parent = here.acquire({ session, ...at("a/b"), waitMs: 10_000 });
  await here.clock.advance(50);
  await here.release(child, session);
  await here.clock.advance(300);
  expect(await parent).toMatchObject({ kind: "granted" });
  expect(await here.acquire({ session, ...at("a/b/c/d") })).toMatchObject({ kind: "held" });
});

test("many waiters join one queue without a transaction each taking its turn", async () => {
  const here = await region(1, 1);
  const session = await here.open();
  const holder = await here.grant({ session });
  const before = here.locals[0]?.context.shards.get("s0")?.committer.counts.batches ?? 0;
  const waiters = Array.from({ length: 500 }, () => here.acquire({ session, waitMs: 60_000 }));
  await here.clock.advance(100);
  const after = here.locals[0]?.context.shards.get("s0")?.committer.counts.batches ?? 0;
  expect(after - before).toBeLessThan(20);
  await here.release(holder, session);
  await settled();
  const first = await Promise.race(waiters);
  expect(first).toMatchObject({ kind: "granted" });
});

test("a copy of a shared request gets the very same token", async () => {
  const here = await region();
  const session = await here.open();
  const requestId = "shared" as RequestId;
  const first = await here.grant({ session, requestId, mode: "shared" });
  const copy = await here.grant({ session, requestId, mode: "shared" });
  expect(copy.token).toBe(first.token);
  expect(await here.release(copy, session)).toMatchObject({ kind: "released" });
});

test("a token of an epoch the shard never had is not held, and says so at once", async () => {
  const here = await region();
  const session = await here.open();
  const grant = await here.grant({ session });
  const forged = { ...grant, token: grant.token + (5n << 44n) };
  expect(await here.release(forged, session)).toMatchObject({ code: "NOT_HELD" });
  expect(await here.release(grant, session)).toMatchObject({ kind: "released" });
});

test("a wait that ends at one router leaves the grant that another router answered with", async () => {
  const here = await region(2);
  const session = await here.open();
  const holder = await here.grant({ session });
  const requestId = "both" as RequestId;
  const keep = { onCallerLost: "keep" as const };
  const original = here.acquire({ session, requestId, waitMs: 2_000 }, 0, keep);
  await here.clock.advance(50);
  const repeat = here.acquire({ session, requestId, waitMs: 60_000 }, 1, keep);
  await here.clock.advance(50);
  // The first router hears nothing any more, but its timer still runs.
  here.locals[0]?.context.queues.stop();
  await here.release(holder, session, 1);
  const answered = await repeat;
  if (answered.kind !== "granted") throw new Error(answered.kind);
  await here.clock.advance(3_000);
  expect(await original).toMatchObject({ kind: "granted" });
  expect(await here.acquire({ session }, 1)).toMatchObject({ kind: "held" });
});

test("the grant of a caller that is gone is taken back, unless a repeat was told of it", async () => {
  for (const repeated of [false, true]) {
    const here = await region(2);
    const session = await here.open();
    const requestId = "gone" as RequestId;
    const cancellation = new Cancellation();
    const lost = here.acquire({ session, requestId }, 0, { cancellation });
    const repeat = repeated ? here.grant({ session, requestId }, 1) : undefined;
    await repeat;
    cancellation.cancel();
    await lost;
    await here.clock.advance(500);
    const next = await here.acquire({ session }, 1);
    expect(next.kind).toBe(repeated ? "held" : "granted");
  }
});

test("copies of one request that come together take one grant and no place behind it", async () => {
  const here = await region(1, 1);
  const session = await here.open();
  const holder = await here.grant({ session });
  const other = here.acquire({ session, waitMs: 60_000 });
  await here.clock.advance(50);
  await here.release(holder, session);
  const first = await other;
  if (first.kind !== "granted") throw new Error(first.kind);
  await here.release(first.grant, session);
  // The mirror still shows the lock as busy: a copy that believes it would only stand in line.
  const requestId = "twin" as RequestId;
  const twins = [0, 1, 2].map(() => here.acquire({ session, requestId, waitMs: 60_000 }));
  await here.clock.advance(200);
  const granted = await Promise.all(twins);
  expect(granted.map(({ kind }) => kind)).toEqual(["granted", "granted", "granted"]);
  const lock = { region: "here", namespace: "default", name: "l" };
  const state = await here.router().execute({ kind: "get", lock }, call());
  expect(state).toMatchObject({ holderCount: 1, waiterCount: 0 });
});

test("a repeat that finds its place in line is told where it stands", async () => {
  const here = await region();
  const session = await here.open();
  await here.grant({ session });
  void here.acquire({ session, waitMs: 60_000 });
  await here.clock.advance(50);
  const requestId = "again" as RequestId;
  const told: number[][] = [[], []];
  for (const positions of told) {
    const onPosition = (position: number) => positions.push(position);
    void here.acquire({ session, requestId, waitMs: 60_000 }, 0, { onPosition });
    await here.clock.advance(50);
  }
  expect(told.map(([first]) => first)).toEqual([2, 2]);
});

test("a router that lost its caller leaves the place that another router carries on", async () => {
  const here = await region(2);
  const session = await here.open();
  const holder = await here.grant({ session });
  const requestId = "moved" as RequestId;
  const cancellation = new Cancellation();
  const lost = here.acquire({ session, requestId, waitMs: 60_000 }, 0, { cancellation });
  await here.clock.advance(50);
  const repeat = here.acquire({ session, requestId, waitMs: 60_000 }, 1);
  await here.clock.advance(50);
  cancellation.cancel();
  await lost;
  await here.clock.advance(1_000);
  await here.release(holder, session, 1);
  await here.clock.advance(100);
  expect(await repeat).toMatchObject({ kind: "granted" });
});

test("a router that lost its caller takes the place back that nobody carries on", async () => {
  const here = await region();
  const session = await here.open();
  await here.grant({ session });
  const cancellation = new Cancellation();
  const lost = here.acquire({ session, waitMs: 60_000 }, 0, { cancellation });
  await here.clock.advance(50);
  cancellation.cancel();
  await lost;
  await here.clock.advance(500);
  const lock = { region: "here", namespace: "default", name: "l" };
  const state = await here.router().execute({ kind: "get", lock }, call());
  expect(state).toMatchObject({ holderCount: 1, waiterCount: 0 });
});
