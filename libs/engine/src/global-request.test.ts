import { Cancellation } from "@holdfast/base/cancellation";
import type { RequestId } from "@holdfast/base/ids";
import type { Grant } from "@holdfast/core/command/outcome";
import { grantIdOf } from "@holdfast/core/lock/grant-id";
import { expect, onTestFinished, test, vi } from "vitest";
import { DelegatedRequest } from "./delegated-request.ts";
import { client, delegated } from "./testing/delegated-lock.ts";
import { rigLock as lock, startRig } from "./testing/start-rig.ts";

test("a wait that runs out while it is being granted is told of the grant, and keeps it", async () => {
  const world = await startRig();
  const session = await world.open("east");
  // A cold acquire takes longer than it is to wait.
  const outcome = await world.run("east", world.acquire({ session, waitMs: 20 }));
  await world.clock.advance(1_000);
  const state = await world.run("north", { kind: "get", lock });
  const holders = state.kind === "lock" ? state.holders.length : undefined;
  expect({ kind: outcome.kind, holders }).toEqual({ kind: "granted", holders: 1 });
});

test("a wait that runs out in one region takes nothing from its repeat in another", async () => {
  const world = await startRig();
  const [east, west] = [await world.open("east"), await world.open("west")];
  const stops = [world.keepAlive(east), world.keepAlive(west)];
  const grant = await world.grant("west", { session: west });
  const requestId = "r1" as RequestId;
  const first = world.ask("east", { session: east, requestId, waitMs: 2_000 });
  await world.clock.advance(1_000);
  world.isolate("east");
  const second = world.ask("north", { session: east, requestId, waitMs: 1_000, resent: true });
  await world.clock.advance(500);
  await world.release("west", grant);
  await world.clock.advance(600);
  expect(second).toMatchObject([{ kind: "granted" }]);
  // The first copy's wait is over, and nobody has told its coordinator of the grant.
  world.isolate("east", false);
  await world.clock.advance(3_000);
  const state = await world.run("north", { kind: "get", lock });
  expect(state).toMatchObject({ holders: [{ token: 2n << 20n }] });
  expect(first).toMatchObject([{ kind: "granted" }]);
  for (const stop of stops) stop();
});

test("one that is cancelled in its region's line leaves it, and is granted never", async () => {
  const world = await startRig();
  const session = await world.open("east");
  const stop = world.keepAlive(session);
  const grant = await world.grant("east", { session });
  const waiting = Array.from({ length: 21 }, () => world.ask("east", { session, waitMs: 60_000 }));
  await world.clock.advance(2_000);
  const last = world.acquire({ session, waitMs: 60_000 });
  const outcome = world.begin("east", last);
  await world.clock.advance(200);
  const grantId = grantIdOf(session, last.requestId);
  await world.run("east", { kind: "cancel", lock, grantId, session });
  expect(await world.settle(outcome)).toEqual({ kind: "cancelled" });
  // All before it come and go, and the register forgets that it was cancelled.
  await world.release("east", grant);
  for (const each of waiting) {
    await world.clock.advance(200);
    const [granted] = each;
    if (granted?.kind === "granted") await world.release("east", granted.grant);
  }
  expect(await world.run("north", { kind: "get", lock })).toMatchObject({ holders: [] });
  stop();
});

test("a request goes on while one of its copies has somebody who waits", async () => {
  const world = await startRig();
  const [east, west] = [await world.open("east"), await world.open("west")];
  const stops = [world.keepAlive(east), world.keepAlive(west)];
  const grant = await world.grant("west", { session: west });
  const asked = { session: east, requestId: "r1" as RequestId, waitMs: 30_000 };
  const [first, late] = [new Cancellation(), new Cancellation()];
  const onCallerLost = "cancel" as const;
  const waiting = world.ask("east", asked, { cancellation: first, onCallerLost });
  await world.clock.advance(500);
  const repeat = world.ask("east", { ...asked, resent: true }, { onCallerLost });
  world.ask("east", { ...asked, resent: true }, { cancellation: late, onCallerLost });
  for (const copy of [late, first]) copy.cancel();
  await world.clock.advance(500);
  await world.release("west", grant);
  await world.clock.advance(2_000);
  expect([waiting, repeat]).toMatchObject([[{ kind: "granted" }], [{ kind: "granted" }]]);
  // And what one was told of is not taken back for another that is gone.
  expect(await world.run("north", { kind: "get", lock })).toMatchObject({ holders: [{}] });
  for (const stop of stops) stop();
});

test("repeats keep the place of a request alive that waits under a ttl of its own", async () => {
  const world = await startRig();
  const east = await world.open("east");
  const stop = world.keepAlive(east);
  const grant = await world.grant("east", { session: east });
  const outcomes = (["west", "north"] as const).map((region) => {
    const asked = { requestId: region as RequestId, ttlMs: 5_000, waitMs: 30_000 };
    const answers = world.ask(region, asked);
    for (let atMs = 1_500; atMs < 15_000; atMs += 1_500) {
      world.clock.schedule(atMs, () => void world.ask(region, { ...asked, resent: true }));
    }
    return answers;
  });
  await world.clock.advance(14_000);
  await world.release("east", grant);
  await world.clock.advance(150);
  // One whose leases had ended would have to make new ones first, or lose the lock to the next.
  expect(outcomes).toMatchObject([[{ kind: "granted" }], []]);
  stop();
});

test("the state of a lock names no holder whose session has ended, though nobody has contended", async () => {
  const world = await startRig();
  const session = await world.open("east");
  await world.grant("east", { session });
  await world.clock.advance(14_000);
  expect(await world.run("west", { kind: "get", lock })).toMatchObject({ holderCount: 0 });
});

test("a repeat that finds the line full is told to ask anew, not that somebody has the lock", async () => {
  const world = await startRig();
  const session = await world.open("east");
  const stop = world.keepAlive(session);
  await world.grant("east", { session });
  const shared = { session, mode: "shared", waitMs: 60_000 } as const;
  for (let waiters = 0; waiters < 21; waiters++) world.ask("east", shared);
  await world.clock.advance(2_000);
  // Another coordinator, which knows nothing of the line yet.
  world.restart("east");
  const asked = { ...shared, requestId: "r1" as RequestId, waitMs: 30_000, resent: true };
  for (let copies = 0; copies < 2; copies++) {
    const outcome = await world.run("east", world.acquire(asked));
    expect(outcome).toMatchObject({ code: "UNKNOWN_OUTCOME", field: "request_id" });
  }
  stop();
});

test("a repeat takes its place again though others of its region stand in line by now", async () => {
  const world = await startRig();
  const [east, west] = [await world.open("east"), await world.open("west")];
  const stops = [world.keepAlive(east), world.keepAlive(west)];
  const grant = await world.grant("west", { session: west });
  const asked = { session: east, requestId: "r1" as RequestId, waitMs: 60_000 };
  world.ask("east", asked);
  await world.clock.advance(500);
  for (let waiters = 1; waiters < 21; waiters++)
    world.ask("east", { ...asked, requestId: `w${waiters}` as RequestId });
  await world.clock.advance(2_000);
  world.restart("east");
  for (let waiters = 1; waiters < 25; waiters++)
    world.ask("east", { ...asked, requestId: `w${waiters}` as RequestId, resent: waiters < 21 });
  await world.clock.advance(2_000);
  const again = world.ask("east", { ...asked, resent: true });
  await world.clock.advance(500);
  await world.release("west", grant);
  await world.clock.advance(1_000);
  expect(again).toMatchObject([{ kind: "granted" }]);
  for (const stop of stops) stop();
});

test("one that repeats keep alive in line is granted in its turn, however many come before", async () => {
  const world = await startRig();
  const east = await world.open("east");
  const stop = world.keepAlive(east);
  const grant = await world.grant("east", { session: east });
  const before = Array.from({ length: 21 }, () =>
    world.ask("east", { session: east, waitMs: 60_000 }),
  );
  await world.clock.advance(2_000);
  const asked = { requestId: "r1" as RequestId, ttlMs: 5_000, waitMs: 60_000 };
  const last = world.ask("east", asked);
  world.ask("east", { ...asked, resent: true });
  await world.clock.advance(200);
  await world.release("east", grant);
  // The register forgets that many ends, and could not tell what became of an earlier copy.
  for (const each of before) {
    await world.clock.advance(200);
    const [granted] = each;
    if (granted?.kind === "granted") await world.release("east", granted.grant);
  }
  await world.clock.advance(500);
  expect(last).toMatchObject([{ kind: "granted" }]);
  stop();
});

test("a request is not told that it was cancelled before that is certain", async () => {
  const world = await startRig();
  const holder = await world.open("west");
  const session = await world.open("east");
  const stops = [world.keepAlive(holder), world.keepAlive(session)];
  await world.grant("west", { session: holder });
  const command = world.acquire({ session, waitMs: 30_000 });
  const told: unknown[] = [];
  void world.begin("east", command).then((outcome) => told.push(outcome));
  await world.clock.advance(1_000);
  world.isolate("east");
  const grantId = grantIdOf(session, command.requestId);
  const cancel = { kind: "cancel", lock, grantId, session } as const;
  expect(await world.run("east", cancel)).toMatchObject({ kind: "failure" });
  expect(told).toMatchObject([{ code: "UNKNOWN_OUTCOME" }]);
  world.isolate("east", false);
  expect(await world.run("east", cancel)).toMatchObject({ kind: "cancelled" });
  expect(await world.run("east", { ...command, resent: true })).toEqual({ kind: "cancelled" });
  for (const stop of stops) stop();
});

test("a late copy of a try that got the lock is told of its grant, not that the lock is held", async () => {
  const world = await startRig();
  const session = await world.open("east");
  const command = world.acquire({ session });
  const first = await world.run("east", command);
  expect(first).toMatchObject({ kind: "granted" });
  // The way doubled it: the client has sent it once, and it does not say that it is a repeat.
  const copy = await world.run("east", command);
  expect(copy).toMatchObject({ kind: "granted" });
});

test("a repeat that was elsewhere meanwhile is refused for good, though its first copy waits here", async () => {
  const world = await startRig();
  const [east, west] = [await world.open("east"), await world.open("west")];
  const stops = [world.keepAlive(east), world.keepAlive(west)];
  const grant = await world.grant("east", { session: east });
  const asked = { session: west, requestId: "copies" as RequestId };
  const first = world.ask("west", asked);
  await world.clock.advance(20);
  const again = world.ask("west", { ...asked, resent: true });
  await world.clock.advance(1_000);
  expect([...first, ...again]).toMatchObject([{ kind: "held" }, { kind: "held" }]);
  await world.release("east", grant);
  // The copy between them comes late, at another coordinator.
  expect((await world.run("north", world.acquire(asked))).kind).not.toBe("granted");
  for (const stop of stops) stop();
});

test("a late copy of a cancelled request is not lined up to be granted when nobody remembers", async () => {
  const world = await startRig();
  const session = await world.open("east");
  const stop = world.keepAlive(session);
  let grant = await world.grant("east", { session });
  for (let count = 0; count < 22; count++) {
    void world.begin("east", world.acquire({ session, waitMs: 600_000 })).then((outcome) => {
      if (outcome.kind === "granted") grant = outcome.grant;
    });
  }
  await world.clock.advance(1_000);
  const late = { session, requestId: "late" as RequestId };
  const grantId = grantIdOf(late.session, late.requestId);
  await world.run("west", { kind: "cancel", lock, grantId });
  await world.clock.advance(200);
  const copy = world.ask("east", { ...late, waitMs: 600_000 });
  for (let count = 0; count < 23; count++) {
    await world.release("east", grant);
    await world.clock.advance(500);
  }
  expect(copy).toEqual([{ kind: "cancelled" }]);
  stop();
});

test("repeats find a lease where the request could not be heard of at first", async () => {
  const world = await startRig();
  const holder = await world.open("north");
  const stop = world.keepAlive(holder);
  await world.grant("north", { session: holder });
  const asked = { requestId: "r1" as RequestId, ttlMs: 10_000, waitMs: 60_000 };
  let leases = 0;
  const onLeases = (all: readonly unknown[]) => {
    leases = all.length;
  };
  for (const link of ["east>west", "west>east"]) world.cut.add(link);
  world.ask("east", asked, { onLeases });
  await world.clock.advance(3_000);
  expect(leases).toBe(2);
  world.cut.clear();
  world.ask("east", asked, { onLeases });
  await world.clock.advance(3_000);
  expect(leases).toBe(3);
  stop();
});

test("one that waits under a session has a lease where it could not be heard of at first", async () => {
  const world = await startRig();
  const [holder, session] = [await world.open("north"), await world.open("east")];
  const stops = [world.keepAlive(holder), world.keepAlive(session)];
  await world.grant("north", { session: holder });
  for (const link of ["east>west", "west>east"]) world.cut.add(link);
  let leases = 0;
  const onLeases = (all: readonly unknown[]) => {
    leases = all.length;
  };
  world.ask("east", { session, waitMs: 60_000 }, { onLeases });
  await world.clock.advance(3_000);
  expect(leases).toBe(2);
  world.cut.clear();
  await world.clock.advance(5_000);
  expect(leases).toBe(3);
  for (const stop of stops) stop();
});

test("what its region's shard had granted unheard has no place in the register any more", async () => {
  const world = await startRig();
  const { grant } = await delegated(world, "east");
  await world.release("east", grant);
  const session = await client(world, "east");
  const { ask } = DelegatedRequest.prototype;
  const spy = vi.spyOn(DelegatedRequest.prototype, "ask");
  onTestFinished(() => spy.mockRestore());
  spy.mockImplementationOnce(async function (this: DelegatedRequest, asking) {
    await ask.call(this, asking);
    return { kind: "unknown" };
  });
  const granted = world.ask("east", { session, waitMs: 5_000 });
  await world.clock.advance(2_000);
  expect(granted).toMatchObject([{ kind: "granted", grant: { token: grant.token + 1n } }]);
  // Another coordinator carries out the release: it cannot know that the register was asked, too.
  world.restart("east");
  const [unheard] = granted as unknown as [{ readonly grant: Grant }];
  await world.release("east", unheard.grant);
  const west = await client(world, "west");
  const next = world.ask("west", { session: west, waitMs: 60_000 });
  await world.clock.advance(15_000);
  expect(next).toMatchObject([{ kind: "granted" }]);
});
