import { isLocalToken } from "@holdfast/core/delegation/delegation-state";
import { expect, test } from "vitest";
import { client, delegated, grantIn } from "./testing/delegated-lock.ts";
import type { GlobalRig, rigRegions } from "./testing/global-rig.ts";
import { rigLock as lock, startRig } from "./testing/start-rig.ts";

/** A region's coordinator is told to end, and another one takes its place. */
async function replace(world: GlobalRig, region: (typeof rigRegions)[number]): Promise<void> {
  await world.settle(world.locks.get(region)?.retire(3_000) ?? Promise.resolve());
  world.restart(region);
}

test("what is delegated to a coordinator that ends, and nobody has, is to be had at once", async () => {
  const world = await startRig();
  const { grant } = await delegated(world, "east");
  await world.release("east", grant);
  await replace(world, "east");
  const waiting = world.ask("west", { session: await client(world, "west"), waitMs: 60_000 });
  await world.clock.advance(1_000);
  expect(grantIn(waiting).token).toBeGreaterThan(grant.token);
});

test("a delegation that it only waited for goes with it, and keeps nobody waiting", async () => {
  const world = await startRig();
  const { grant } = await delegated(world, "west");
  const session = await client(world, "east");
  // It has heard of the register, and waits there for its region instead of for one client.
  await world.run("east", { kind: "get", lock });
  const east = world.ask("east", { session, waitMs: 60_000 });
  await world.clock.advance(1_000);
  const north = world.ask("north", { session: await client(world, "north"), waitMs: 60_000 });
  await world.clock.advance(1_000);
  await replace(world, "east");
  expect(east).toMatchObject([{ code: "UNKNOWN_OUTCOME" }]);
  await world.release("west", grant);
  await world.clock.advance(1_000);
  expect(grantIn(north).token).toBeGreaterThan(grant.token);
});

test("those who waited keep their places, and repeat their requests at the next one", async () => {
  const world = await startRig();
  const { grant, session } = await delegated(world, "east");
  const asked = world.acquire({ session, waitMs: 60_000 });
  const first = world.ask("east", asked);
  await world.clock.advance(500);
  const retired = world.locks.get("east")?.retire(3_000);
  await world.clock.advance(20);
  expect(first).toMatchObject([{ code: "UNKNOWN_OUTCOME" }]);
  const refused = await world.run("east", world.acquire({ session }));
  expect(refused).toMatchObject({ code: "SHARD_UNAVAILABLE" });
  await world.settle(retired ?? Promise.resolve());
  world.restart("east");
  const again = world.ask("east", { ...asked, resent: true });
  await world.clock.advance(500);
  expect(again).toEqual([]);
  expect(await world.release("east", grant)).toMatchObject({ kind: "released" });
  await world.clock.advance(500);
  expect(grantIn(again).token).toBe(grant.token + 1n);
});

test("whoever has the lock by its delegation keeps it", async () => {
  const world = await startRig();
  const { grant } = await delegated(world, "east");
  expect(isLocalToken(grant.token)).toBe(true);
  await replace(world, "east");
  const renew = { kind: "renew", lock, grantId: grant.grantId, token: grant.token } as const;
  expect(await world.run("east", renew)).toMatchObject({ kind: "renewed" });
});

test("what it had under a coordinator that ended goes on to who waits elsewhere, at once", async () => {
  const world = await startRig();
  const { grant } = await delegated(world, "east");
  const waiting = world.ask("west", { session: await client(world, "west"), waitMs: 60_000 });
  await world.clock.advance(1_000);
  await replace(world, "east");
  await world.release("east", grant);
  await world.clock.advance(1_000);
  expect(grantIn(waiting).token).toBeGreaterThan(grant.token);
});

test("a request that is on its way in when it is told to end is sent to another one", async () => {
  const world = await startRig();
  const session = await client(world, "east");
  world.restart("east");
  // The new one has to look up the session first.
  const asked = world.ask("east", { session, waitMs: 60_000 });
  const retired = world.locks.get("east")?.retire(3_000);
  await world.settle(retired ?? Promise.resolve());
  expect(asked).toMatchObject([{ code: "SHARD_UNAVAILABLE" }]);
});

test("a coordinator that nobody hears ends after the time it was given", async () => {
  const world = await startRig();
  const { grant } = await delegated(world, "east");
  await world.release("east", grant);
  world.isolate("east");
  const sinceMs = world.clock.monotonicMs();
  await world.settle(world.locks.get("east")?.retire(3_000) ?? Promise.resolve());
  const tookMs = world.clock.monotonicMs() - sinceMs;
  expect(tookMs).toBeGreaterThanOrEqual(3_000);
  expect(tookMs).toBeLessThan(3_100);
});
