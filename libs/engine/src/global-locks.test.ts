import { Cancellation } from "@holdfast/base/cancellation";
import type { RequestId } from "@holdfast/base/ids";
import type { LockEvent } from "@holdfast/core/lock/lock-event";
import { globalRegion } from "@holdfast/core/lock/lock-id";
import { expect, test } from "vitest";
import { call } from "./testing/region.ts";
import { rigLock as lock, startRig } from "./testing/start-rig.ts";

test("one region's client gets the lock, and those of the others are told who has it", async () => {
  const world = await startRig();
  const session = await world.open("east");
  const grant = await world.grant("east", { session, owner: "worker" });
  expect(grant).toMatchObject({ lock, token: 1n << 20n });
  expect(grant.confirmed?.length).toBeGreaterThanOrEqual(2);
  expect(grant.validForMs).toBeGreaterThan(9_000);
  for (const region of ["north", "west"] as const) {
    const other = await world.open(region);
    const outcome = await world.run(region, world.acquire({ session: other }));
    expect(outcome).toMatchObject({ kind: "held", holders: [{ owner: "worker" }] });
  }
  expect(await world.release("east", grant)).toEqual({ kind: "released", handedOver: false });
  expect((await world.grant("west", { session: await world.open("west") })).token).toBe(2n << 20n);
});

test("a cold acquire takes two round trips, a warm one and a release take one", async () => {
  const world = await startRig();
  const session = await world.open("east");
  const startedMs = world.clock.monotonicMs();
  const grant = await world.grant("east", { session });
  const coldMs = world.clock.monotonicMs() - startedMs;
  expect(coldMs).toBeGreaterThanOrEqual(120);
  expect(coldMs).toBeLessThanOrEqual(130);
  await world.release("east", grant);
  expect(world.clock.monotonicMs() - startedMs - coldMs).toBeLessThanOrEqual(70);
  const warmMs = world.clock.monotonicMs();
  await world.grant("east", { session });
  expect(world.clock.monotonicMs() - warmMs).toBeLessThanOrEqual(70);
});

test("a release in one region hands over to a waiter in another", async () => {
  const world = await startRig();
  const [east, west] = [await world.open("east"), await world.open("west")];
  const stops = [world.keepAlive(east), world.keepAlive(west)];
  const grant = await world.grant("east", { session: east });
  const places: number[] = [];
  const leases: number[] = [];
  const waiting = world.ask(
    "west",
    { session: west, waitMs: 30_000 },
    { onPosition: (place) => places.push(place), onLeases: (all) => leases.push(all.length) },
  );
  await world.clock.advance(1_000);
  expect(places).toEqual([1]);
  expect(leases.at(-1)).toBe(3);
  expect(await world.release("east", grant)).toEqual({ kind: "released", handedOver: true });
  await world.clock.advance(150);
  expect(waiting).toMatchObject([{ kind: "granted", grant: { token: 2n << 20n } }]);
  for (const stop of stops) stop();
});

test("a holder whose session ends loses the lock to whoever waits", async () => {
  const world = await startRig();
  const [east, west] = [await world.open("east"), await world.open("west")];
  const stop = world.keepAlive(west);
  await world.grant("east", { session: east });
  const waiting = world.ask("west", { session: west, waitMs: 60_000 });
  await world.clock.advance(9_000);
  expect(waiting).toEqual([]);
  await world.clock.advance(4_000);
  expect(waiting).toMatchObject([{ kind: "granted" }]);
  stop();
});

test("with any one region gone locks are taken and handed over in the two others", async () => {
  for (const gone of ["east", "north", "west"] as const) {
    const world = await startRig();
    const [here, there] = (["east", "north", "west"] as const).filter((each) => each !== gone);
    if (here === undefined || there === undefined) throw new Error("two are left");
    world.isolate(gone);
    const [first, second] = [await world.open(here), await world.open(there)];
    const stops = [world.keepAlive(first), world.keepAlive(second)];
    const grant = await world.grant(here, { session: first });
    expect(grant.regions).toEqual(expect.arrayContaining([here, there]));
    const waiting = world.ask(there, { session: second, waitMs: 30_000 });
    await world.clock.advance(1_000);
    await world.release(here, grant);
    await world.clock.advance(1_000);
    expect(waiting).toMatchObject([{ kind: "granted" }]);
    for (const stop of stops) stop();
  }
});

test("a region that is alone says so within the time an answer may take, and names whom it hears", async () => {
  const world = await startRig();
  const session = await world.open("east");
  world.isolate("east");
  const startedMs = world.clock.monotonicMs();
  const outcome = await world.run("east", world.acquire({ session }));
  expect(outcome).toMatchObject({ code: "NO_QUORUM", regions: ["east"] });
  expect(outcome).toHaveProperty("message", expect.stringContaining("north did not answer"));
  expect(world.clock.monotonicMs() - startedMs).toBeLessThanOrEqual(2_010);
});

test("repeats of a request join it, and are all told of the one grant", async () => {
  const world = await startRig();
  const session = await world.open("east");
  const requestId = "r1" as RequestId;
  const first = world.ask("east", { session, requestId });
  const second = world.ask("east", { session, requestId, resent: true });
  await world.clock.advance(500);
  const third = world.ask("west", { session, requestId, resent: true });
  await world.clock.advance(3_000);
  for (const outcomes of [first, second, third]) {
    expect(outcomes).toMatchObject([{ kind: "granted", grant: { token: 1n << 20n } }]);
  }
});

test("a wait that runs out leaves the line, and says who is in the way", async () => {
  const world = await startRig();
  const [east, west] = [await world.open("east"), await world.open("west")];
  const stops = [world.keepAlive(east), world.keepAlive(west)];
  await world.grant("east", { session: east, owner: "the one" });
  const waiting = world.ask("west", { session: west, waitMs: 3_000 });
  await world.clock.advance(3_500);
  expect(waiting).toMatchObject([{ kind: "timeout", holders: [{ owner: "the one" }] }]);
  const state = await world.run("north", { kind: "get", lock });
  expect(state).toMatchObject({ kind: "lock", holderCount: 1, waiterCount: 0 });
  for (const stop of stops) stop();
});

test("a caller that is lost for good leaves nothing behind; one that may come back keeps its place", async () => {
  const world = await startRig();
  const [east, west] = [await world.open("east"), await world.open("west")];
  const stops = [world.keepAlive(east), world.keepAlive(west)];
  const grant = await world.grant("east", { session: east });
  const lost = new Cancellation();
  world.ask("west", { session: west, waitMs: 30_000 }, { cancellation: lost });
  const away = new Cancellation();
  const requestId = "kept" as RequestId;
  world.ask(
    "west",
    { session: west, requestId, waitMs: 30_000 },
    { cancellation: away, onCallerLost: "keep" },
  );
  await world.clock.advance(1_000);
  lost.cancel();
  away.cancel();
  await world.clock.advance(1_000);
  expect(await world.run("north", { kind: "get", lock })).toMatchObject({ waiterCount: 1 });
  await world.release("east", grant);
  const again = world.ask("north", { session: west, requestId, waitMs: 10_000, resent: true });
  await world.clock.advance(2_000);
  expect(again).toMatchObject([{ kind: "granted" }]);
  for (const stop of stops) stop();
});

test("fifty of one region get the lock in the order they came, though the register holds 21", async () => {
  const world = await startRig();
  const session = await world.open("east");
  const stop = world.keepAlive(session);
  let grant = await world.grant("east", { session });
  const order: number[] = [];
  for (let index = 0; index < 50; index++) {
    const waiting = world.begin("east", world.acquire({ session, waitMs: 600_000 }));
    void waiting.then((outcome) => {
      order.push(index);
      if (outcome.kind === "granted") grant = outcome.grant;
    });
    await world.clock.advance(1);
  }
  await world.clock.advance(2_000);
  for (let index = 0; index < 50; index++) {
    await world.release("east", grant);
    await world.clock.advance(1_000);
    expect(order).toHaveLength(index + 1);
  }
  expect(order).toEqual(Array.from({ length: 50 }, (_, index) => index));
  stop();
});

test("shared holders stand together, and an exclusive waiter keeps later ones behind it", async () => {
  const world = await startRig();
  const session = await world.open("east");
  const stop = world.keepAlive(session);
  const mode = "shared";
  const first = await world.grant("east", { session, mode });
  await world.grant("west", { session, mode });
  const writer = world.ask("north", { session, waitMs: 60_000 });
  await world.clock.advance(1_000);
  const reader = await world.run("west", world.acquire({ session, mode }));
  expect(reader.kind).toBe("held");
  await world.release("east", first);
  expect(writer).toEqual([]);
  stop();
});

test("a grant with a ttl of its own lives as long as it is renewed", async () => {
  const world = await startRig();
  const grant = await world.grant("east", { ttlMs: 6_000 });
  const { grantId, token } = grant;
  for (let times = 0; times < 4; times++) {
    await world.clock.advance(4_000);
    const renewed = await world.run("west", { kind: "renew", lock, grantId, token, ttlMs: 6_000 });
    expect(renewed).toMatchObject({ kind: "renewed" });
    expect(renewed).toHaveProperty("validForMs", expect.closeTo(5_600, -3));
  }
  const other = await world.run("west", { kind: "renew", lock, grantId, token, ttlMs: 7_000 });
  expect(other).toMatchObject({ code: "INVALID_ARGUMENT", field: "ttl_ms" });
  await world.clock.advance(9_000);
  expect(await world.grant("north", { ttlMs: 6_000 })).toMatchObject({ token: 2n << 20n });
  const late = await world.run("west", { kind: "renew", lock, grantId, token, ttlMs: 6_000 });
  expect(late).toMatchObject({ code: "NOT_HELD" });
});

test("a region that was away when a lock was granted counts once the grant is confirmed anew", async () => {
  const world = await startRig();
  const session = await world.open("east");
  const stop = world.keepAlive(session);
  world.isolate("west");
  const { grantId, token, regions } = await world.grant("east", { session });
  expect(regions).not.toContain("west");
  world.isolate("west", false);
  await world.clock.advance(3_000);
  const renewed = await world.run("east", { kind: "renew", lock, grantId, token });
  expect(renewed).toMatchObject({ kind: "renewed" });
  if (renewed.kind !== "renewed") return;
  expect(renewed.confirmed?.map(({ lease }) => lease.region)).toEqual(
    expect.arrayContaining(["east", "north", "west"]),
  );
  stop();
});

test("a forced release takes the lock from its holder, and the record says so", async () => {
  const world = await startRig();
  const session = await world.open("east");
  const grant = await world.grant("east", { session, owner: "stuck" });
  const forced = await world.run("west", {
    kind: "force-release",
    lock,
    requestId: "f" as RequestId,
    actor: "operator",
    reason: "stuck",
  });
  expect(forced).toMatchObject({ released: [{ owner: "stuck" }], releasedCount: 1 });
  expect(await world.release("east", grant)).toMatchObject({ code: "LOST" });
});

test("the state of a lock shows what each region says, also of one that says nothing", async () => {
  const world = await startRig();
  const session = await world.open("east");
  const { grantId } = await world.grant("east", { session });
  await world.clock.advance(1_000);
  world.isolate("north");
  const state = await world.run("west", { kind: "get", lock });
  if (state.kind !== "lock") throw new Error(state.message);
  expect(state.holders).toMatchObject([{ grantId, hasSession: true }]);
  expect(state.votes).toMatchObject([
    { region: "east", reachable: true, version: 1, live: [grantId] },
    { region: "north", reachable: false, problem: "north did not answer." },
    { region: "west", reachable: true, version: 1, rttMs: expect.any(Number) },
  ]);
});

test("held locks are listed by prefix, and a watch tells what happens to them", async () => {
  const world = await startRig();
  const session = await world.open("east");
  const stop = world.keepAlive(session);
  const events: LockEvent[] = [];
  const over = new Cancellation();
  const query = { region: globalRegion, namespace: "default", name: "order:", prefix: true };
  const watched = world.locks
    .get("west")
    ?.watch({ ...query, withCurrent: false }, (event) => events.push(event), {
      ...call(),
      cancellation: over,
    });
  await world.clock.advance(100);
  const named = (name: string) => ({ lock: { ...lock, name }, session });
  const grant = await world.grant("east", named("order:1"));
  await world.grant("east", named("order:2"));
  await world.grant("east", named("other"));
  await world.release("east", grant);
  await world.clock.advance(100);
  expect(events.map(({ kind, lock: { name } }) => `${kind} ${name}`)).toEqual([
    "LockAcquired order:1",
    "LockAcquired order:2",
    "LockEnded order:1",
  ]);
  const page = await world.locks
    .get("north")
    ?.list({ ...query, prefix: "order:", pageSize: 10, pageToken: "" });
  expect(page).toMatchObject({ locks: [{ lock: { name: "order:2" } }], nextPageToken: "" });
  over.cancel();
  await watched;
  stop();
});

test("sessions that end too soon and trees of locks are refused with the reason", async () => {
  const world = await startRig();
  const short = await world.local("east").context.sessions.open({
    kind: "open-session",
    region: "east",
    ttlMs: 4_999,
    requestId: "short" as RequestId,
  });
  if (short.kind !== "opened") throw new Error(short.message);
  expect(await world.run("east", world.acquire({ session: short.session }))).toMatchObject({
    code: "INVALID_ARGUMENT",
    field: "session_id",
  });
  const tree = { ...lock, namespace: "tree", name: "a/b" };
  const session = await world.open("east");
  expect(await world.run("east", world.acquire({ session, lock: tree }))).toMatchObject({
    code: "INVALID_ARGUMENT",
    field: "lock.namespace",
  });
});

test("a heartbeat's list names the global grants that hang on the lease", async () => {
  const world = await startRig();
  const session = await world.open("east");
  const { grantId, confirmed } = await world.grant("east", { session });
  for (const { lease } of confirmed ?? []) {
    const local = world.local(lease.region as "east");
    const heartbeat = { kind: "heartbeat", session, ttlMs: 10_000, leases: [lease] } as const;
    const answer = await world.settle(local.execute({ ...heartbeat, list: true }, call()));
    expect(answer).toMatchObject({ leases: [{ held: [{ kind: "holder", lock, grantId }] }] });
  }
});

test("tries for a lock that is known to be held are answered without a proposal", async () => {
  const world = await startRig();
  const [east, west] = [await world.open("east"), await world.open("west")];
  const stops = [world.keepAlive(east), world.keepAlive(west)];
  const grant = await world.grant("east", { session: east });
  expect(await world.run("west", world.acquire({ session: west }))).toMatchObject({ kind: "held" });
  world.asked.length = 0;
  const startedMs = world.clock.monotonicMs();
  expect(await world.run("west", world.acquire({ session: west }))).toMatchObject({ kind: "held" });
  expect(world.clock.monotonicMs() - startedMs).toBeLessThanOrEqual(70);
  expect(world.asked.filter((each) => each.startsWith("prepare"))).toEqual([]);
  await world.release("east", grant);
  expect(await world.grant("west", { session: west })).toMatchObject({ token: 2n << 20n });
  for (const stop of stops) stop();
});
