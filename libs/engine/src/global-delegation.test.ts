import { Cancellation } from "@holdfast/base/cancellation";
import type { RequestId, SessionId } from "@holdfast/base/ids";
import type { Grant } from "@holdfast/core/command/outcome";
import { delegationKeys } from "@holdfast/core/delegation/delegation-keys";
import { isLocalToken } from "@holdfast/core/delegation/delegation-state";
import { grantIdOf } from "@holdfast/core/lock/grant-id";
import { globalRegion } from "@holdfast/core/lock/lock-id";
import { expect, onTestFinished, test, vi } from "vitest";
import { DelegatedLock } from "./delegated-lock.ts";
import { GlobalRegister } from "./global-register.ts";
import type { ListPage } from "./ports/lock-tier.ts";
import { delegationTtlMs } from "./region-delegation.ts";
import { client, delegated, grantIn, siteIn } from "./testing/delegated-lock.ts";
import type { rigRegions } from "./testing/global-rig.ts";
import { rigLock as lock, startRig } from "./testing/start-rig.ts";

test("a region that has the lock a third time in a row has it from its own shard", async () => {
  const world = await startRig();
  const { session, grant } = await delegated(world, "east");
  expect(isLocalToken(grant.token)).toBe(true);
  expect(grant).toMatchObject({ regions: ["east"], lease: { region: "east" } });
  expect(grant.confirmed).toBeUndefined();
  expect(grant.validForMs).toBeGreaterThan(3_000);
  world.asked.length = 0;
  await world.release("east", grant);
  const again = await world.grant("east", { session });
  expect(again.token).toBe(grant.token + 1n);
  // No region was asked to vote for it.
  expect(world.asked.filter((what) => !/^(meet|keep-alive) /.test(what))).toEqual([]);
});

test("those who wait in a region get the lock in their order, and hear their places", async () => {
  const world = await startRig();
  const { session, grant } = await delegated(world, "east");
  const places: number[] = [];
  const waiting = [0, 1, 2].map((index) => {
    const onPosition = index === 2 ? { onPosition: (place: number) => places.push(place) } : {};
    return world.ask("east", { session, waitMs: 60_000 }, onPosition);
  });
  await world.clock.advance(1_000);
  const released = await world.release("east", grant);
  expect(released).toEqual({ kind: "released", handedOver: true });
  await world.clock.advance(500);
  expect(waiting.map((outcomes) => outcomes.length)).toEqual([1, 0, 0]);
  await world.release("east", grantIn(waiting[0] ?? []));
  await world.clock.advance(500);
  await world.release("east", grantIn(waiting[1] ?? []));
  await world.clock.advance(500);
  expect(grantIn(waiting[2] ?? []).token).toBe(grant.token + 3n);
  expect(places).toEqual([3, 2, 1]);
});

test("a try in another region is told who has the lock, or gets it where it is free", async () => {
  const world = await startRig();
  const { grant } = await delegated(world, "east");
  const session = await client(world, "west");
  const held = await world.run("west", world.acquire({ session }));
  expect(held).toMatchObject({ kind: "held", holders: [{ owner: "holder" }] });
  await world.release("east", grant);
  const got = await world.grant("west", { session });
  expect(got).toMatchObject({ token: grant.token + 1n, lease: { region: "east" } });
  const renew = { kind: "renew", lock, grantId: got.grantId, token: got.token } as const;
  expect(await world.run("west", renew)).toMatchObject({ kind: "renewed" });
  expect(await world.release("west", got)).toMatchObject({ kind: "released" });
  expect(await world.run("north", { kind: "get", lock })).toMatchObject({ holderCount: 0 });
});

test("one that waits in another region gets the lock with the next release", async () => {
  const world = await startRig();
  const { grant, session } = await delegated(world, "east");
  const west = await client(world, "west");
  const waiting = world.ask("west", { session: west, waitMs: 60_000 });
  // Longer than a region may go on while another one waits.
  await world.clock.advance(3_000);
  const behind = world.ask("east", { session, waitMs: 60_000 });
  await world.clock.advance(1_000);
  expect(waiting).toEqual([]);
  await world.release("east", grant);
  await world.clock.advance(1_000);
  const got = grantIn(waiting);
  expect(got.token).toBeGreaterThan(grant.token);
  expect(behind).toEqual([]);
  await world.release("west", got);
  await world.clock.advance(5_000);
  expect(grantIn(behind).token).toBeGreaterThan(got.token);
});

test("a forced release takes the lock from its holder, and the region's line goes on", async () => {
  const world = await startRig();
  const { grant, session } = await delegated(world, "east");
  const waiting = world.ask("east", { session, waitMs: 60_000 });
  await world.clock.advance(500);
  const force = { kind: "force-release", lock, actor: "operator", reason: "test" } as const;
  const forced = await world.run("west", { ...force, requestId: "f" as never });
  expect(forced).toMatchObject({ releasedCount: 1, released: [{ grantId: grant.grantId }] });
  await world.clock.advance(500);
  expect(grantIn(waiting).token).toBe(grant.token + 1n);
  const renew = { kind: "renew", lock, grantId: grant.grantId, token: grant.token } as const;
  expect(await world.run("east", renew)).toMatchObject({ code: "NOT_HELD" });
});

test("a coordinator that starts again goes on with what its region had, and keeps its holder", async () => {
  const world = await startRig();
  const { grant } = await delegated(world, "east");
  world.restart("east");
  const renew = { kind: "renew", lock, grantId: grant.grantId, token: grant.token } as const;
  expect(await world.run("east", renew)).toMatchObject({ kind: "renewed" });
  await world.clock.advance(20_000);
  const west = await client(world, "west");
  const held = await world.run("west", world.acquire({ session: west }));
  expect(held).toMatchObject({ kind: "held", holders: [{ grantId: grant.grantId }] });
  expect(await world.release("east", grant)).toMatchObject({ kind: "released" });
});

test("those who come at once to a coordinator that starts again go on by what its region had", async () => {
  const world = await startRig();
  const { grant, session } = await delegated(world, "east");
  await world.release("east", grant);
  world.restart("east");
  const waiting = [0, 1, 2].map(() => world.ask("east", { session, waitMs: 60_000 }));
  await world.clock.advance(1_000);
  for (const outcomes of waiting) {
    await world.release("east", grantIn(outcomes));
    await world.clock.advance(500);
  }
});

test("nobody listens any more for those whose wait in their region's line is over", async () => {
  let listening = 0;
  const { listen } = GlobalRegister.prototype;
  const spy = vi.spyOn(GlobalRegister.prototype, "listen");
  onTestFinished(() => spy.mockRestore());
  const world = await startRig();
  const { session, grant } = await delegated(world, "east");
  await world.clock.advance(1_000);
  spy.mockImplementation(function (this: GlobalRegister, listener) {
    const unlisten = listen.call(this, listener);
    listening++;
    let isOver = false;
    return () => {
      unlisten();
      if (!isOver) listening--;
      isOver = true;
    };
  });
  const late = world.ask("east", { session, waitMs: 300 });
  const requestId = "cancelled" as RequestId;
  const cancelled = world.ask("east", { session, waitMs: 60_000, requestId });
  await world.clock.advance(500);
  const grantId = grantIdOf(session, requestId);
  await world.run("east", { kind: "cancel", lock, grantId, session });
  expect([...late, ...cancelled]).toMatchObject([{ kind: "timeout" }, { kind: "cancelled" }]);
  expect(listening).toBe(0);
  await world.release("east", grant);
});

test("a session that was left to end is kept alive for no other delegation that hangs on it", async () => {
  const world = await startRig();
  const { shard, slot } = siteIn(world, "east", lock);
  const inOneShard = ["m", "n", "o", "p"].map((name) => ({ ...lock, name }));
  const other = inOneShard.find((each) => siteIn(world, "east", each).shard === shard);
  if (other === undefined) throw new Error("no two of the locks lie in one shard");
  const { grant } = await delegated(world, "east");
  const { grant: kept } = await delegated(world, "east", other);
  world.restart("east");
  const renew = ({ grantId, token, ...of }: Grant) =>
    world.run("east", { kind: "renew", lock: of.lock, grantId, token });
  expect(await renew(grant)).toMatchObject({ kind: "renewed" });
  // The shard has lost what it knew of the one, and the session of both is left to end.
  const { state: key } = delegationKeys(slot, lock.namespace, lock.name);
  await shard.store.commit({ compares: [], success: [{ kind: "delete", key }], failure: [] });
  await world.clock.advance(3_000);
  const west = await client(world, "west");
  const waiting = world.ask("west", { session: west, waitMs: 60_000 });
  for (let times = 0; times < 10; times++) {
    await renew(kept);
    await world.clock.advance(1_000);
  }
  expect(grantIn(waiting).token).toBeGreaterThan(grant.token);
});

test("a release that cannot be taken is tried again ten times a second, and no more often", async () => {
  const world = await startRig();
  const { grant } = await delegated(world, "east");
  const spy = vi.spyOn(DelegatedLock.prototype, "release");
  onTestFinished(() => spy.mockRestore());
  spy.mockImplementation(({ answer }) => answer({ kind: "unknown" }));
  const { grantId, token } = grant;
  const release = { kind: "release", lock, grantId, token, repeated: false } as const;
  const deadlineMs = world.clock.monotonicMs() + 2_000;
  const outcome = await world.run("east", release, { deadlineMs });
  expect(outcome).toMatchObject({ kind: "failure", code: "UNKNOWN_OUTCOME" });
  expect(spy.mock.calls.length).toBeGreaterThan(5);
  expect(spy.mock.calls.length).toBeLessThan(30);
});

test("with its region gone a delegated lock is had elsewhere once the delegation has run out", async () => {
  const world = await startRig();
  await delegated(world, "east");
  world.isolate("east");
  const west = await client(world, "west");
  const startedMs = world.clock.monotonicMs();
  const outcome = await world.run("west", world.acquire({ session: west, waitMs: 30_000 }));
  expect(outcome).toMatchObject({ kind: "granted" });
  expect(world.clock.monotonicMs() - startedMs).toBeLessThan(delegationTtlMs + 4_000);
});

test("nobody waits for a delegation in vain: an idle one is given back", async () => {
  const world = await startRig();
  const { grant } = await delegated(world, "east");
  await world.release("east", grant);
  await world.clock.advance(14_000);
  const state = await world.run("west", { kind: "get", lock });
  expect(state).toMatchObject({ holderCount: 0 });
  const west = await client(world, "west");
  const got = await world.grant("west", { session: west });
  expect(isLocalToken(got.token)).toBe(false);
});

test("a grant with a ttl of its own is never by delegation, and an idle one makes way for its try", async () => {
  const world = await startRig();
  const { grant } = await delegated(world, "east");
  await world.release("east", grant);
  for (const region of ["east", "west"] as const) {
    const got = await world.grant(region, { ttlMs: 30_000 });
    expect(isLocalToken(got.token)).toBe(false);
    expect(got.confirmed?.length).toBeGreaterThan(1);
    expect(got.validForMs).toBeGreaterThan(25_000);
    await world.release(region, got);
    const session = await world.open("east");
    await world.release("east", await world.grant("east", { session, waitMs: 5_000 }));
  }
});

test("its region lists who has the lock, and nobody once it is free; others name the region", async () => {
  const world = await startRig();
  const { grant } = await delegated(world, "east");
  const query = { region: globalRegion, namespace: "default", prefix: "", pageToken: "" };
  const ownersIn = async (region: (typeof rigRegions)[number]) => {
    const page = await world.settle(
      world.locks.get(region)?.list({ ...query, pageSize: 10 }) as never,
    );
    return (page as ListPage).locks.map(({ holder }) => holder.owner);
  };
  expect(await ownersIn("east")).toEqual(["holder"]);
  expect(await ownersIn("west")).toEqual(["delegated to east"]);
  await world.release("east", grant);
  expect(await ownersIn("east")).toEqual([]);
});

test("one whose caller is gone is passed over in its region's line, and has its place when it is back", async () => {
  const world = await startRig();
  const { grant, session } = await delegated(world, "east");
  const asked = { session, requestId: "gone" as RequestId, waitMs: 60_000 };
  const caller = new Cancellation();
  world.ask("east", asked, { cancellation: caller, onCallerLost: "keep" });
  await world.clock.advance(100);
  const [second, third] = [1, 2].map(() => world.ask("east", { session, waitMs: 60_000 }));
  await world.clock.advance(500);
  caller.cancel();
  await world.release("east", grant);
  const had = grantIn(second ?? []);
  const again = world.ask("east", { ...asked, resent: true });
  await world.clock.advance(500);
  await world.release("east", had);
  await world.clock.advance(100);
  expect([again, third]).toMatchObject([[{ kind: "granted" }], []]);
});

test("a call that is passed on and lost ends nothing in the region it was passed on to", async () => {
  const world = await startRig();
  await delegated(world, "east");
  const session = await client(world, "west");
  await world.run("west", world.acquire({ session }));
  expect(world.passedOn).toEqual([expect.objectContaining({ onCallerLost: "keep", hops: 3 })]);
});

test("a try that shares is told who has the lock, gets an idle one, and hears of a region out of reach", async () => {
  const world = await startRig();
  const { grant } = await delegated(world, "east");
  const east = await client(world, "east");
  const west = await client(world, "west");
  const sharing = (session: SessionId) => world.acquire({ session, mode: "shared" });
  for (const [region, session] of [
    ["east", east],
    ["west", west],
  ] as const) {
    const held = await world.run(region, sharing(session));
    expect(held).toMatchObject({ kind: "held", holders: [{ owner: "holder" }] });
  }
  await world.release("east", grant);
  const got = await world.run("west", sharing(west));
  expect(got).toMatchObject({ kind: "granted", grant: { mode: "shared" } });
  if (got.kind === "granted") await world.release("west", got.grant);
  await delegated(world, "east");
  world.isolate("east");
  const tried = await world.run("west", sharing(west));
  expect(tried.kind === "failure" && tried.code).toMatch(/UNKNOWN_OUTCOME|SHARD_UNAVAILABLE/);
});

test("one that stood in two regions' lines, and was given back in one, keeps nothing in the other", async () => {
  const world = await startRig();
  const { grant } = await delegated(world, "west");
  const session = await client(world, "east");
  expect(await world.run("east", world.acquire({ session }))).toMatchObject({ kind: "held" });
  const asked = { session, requestId: "r1" as RequestId, waitMs: 60_000 };
  world.ask("east", asked);
  await world.clock.advance(500);
  const again = world.ask("west", { ...asked, resent: true });
  await world.clock.advance(200);
  await world.release("west", grant);
  const got = grantIn(again);
  const release = { kind: "release", lock, grantId: got.grantId, token: got.token } as const;
  const released = await world.run("west", { ...release, repeated: true });
  expect(released).toMatchObject({ kind: "released" });
  await world.clock.advance(1_000);
  expect(await world.run("east", { kind: "get", lock })).toMatchObject({ holderCount: 0 });
});

test("a cancel is passed on once to each region, and goes on from none", async () => {
  const world = await startRig();
  const session = await client(world, "east");
  const grantId = grantIdOf(session, "r1" as RequestId);
  const cancel = { kind: "cancel", lock, grantId, session } as const;
  expect(await world.run("east", cancel)).toEqual({ kind: "cancelled", found: false });
  expect(world.passedOn).toHaveLength(2);
  // Each region votes on it once: for the coordinator that was asked.
  expect(world.asked.filter((kind) => kind.startsWith("accept"))).toHaveLength(2);
});
