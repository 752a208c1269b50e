import { Cancellation } from "@holdfast/base/cancellation";
import type { GrantId, RequestId } from "@holdfast/base/ids";
import { expect, test, vi } from "vitest";
import { DelegatedRequest } from "./delegated-request.ts";
import { client, delegated, grantIn, siteIn } from "./testing/delegated-lock.ts";
import { rigLock as lock, startRig } from "./testing/start-rig.ts";

test("a repeat in another region finds the lock that its request has where it was asked first", async () => {
  const world = await startRig();
  const { grant, session } = await delegated(world, "east");
  const requestId = "moved" as RequestId;
  const lost = new Cancellation();
  const keep = { cancellation: lost, onCallerLost: "keep" } as const;
  const first = world.ask("east", { session, requestId, waitMs: 60_000 }, keep);
  await world.clock.advance(500);
  await world.release("east", grant);
  await world.clock.advance(500);
  const got = grantIn(first);
  // Its answer was lost on the way: the client goes to another region, and neither waits for itself
  // nor is told that somebody else has the lock.
  const asked = { session, requestId, resent: true };
  const waiting = await world.run("west", world.acquire({ ...asked, waitMs: 30_000 }));
  expect(waiting).toMatchObject({ kind: "granted", grant: { token: got.token } });
  const trying = await world.run("west", world.acquire(asked));
  expect(trying).toMatchObject({ kind: "granted", grant: { token: got.token } });
  // That region is out of reach: nobody knows.
  world.isolate("east");
  expect(await world.run("west", world.acquire(asked))).toMatchObject({ code: "UNKNOWN_OUTCOME" });
});

test("a repeat that waits in another region hears of the lock that its request gets in line where it was asked first", async () => {
  const world = await startRig();
  const { grant, session } = await delegated(world, "east");
  const requestId = "moved" as RequestId;
  const first = world.ask("east", { session, requestId, waitMs: 60_000 }, { onCallerLost: "keep" });
  await world.clock.advance(500);
  const again = world.ask("west", { session, requestId, waitMs: 60_000, resent: true });
  await world.clock.advance(500);
  await world.release("east", grant);
  await world.clock.advance(100);
  const told = grantIn(first);
  await world.clock.advance(5_000);
  const got = grantIn(again);
  expect(got).toEqual({ ...told, validForMs: expect.any(Number) });
  // And it waits for nothing more: once it is released nobody has the lock.
  await world.release("west", got);
  await world.clock.advance(5_000);
  const state = await world.run("north", { kind: "get", lock });
  expect(state).toMatchObject({ waiterCount: 0 });
  const owners = state.kind === "lock" ? state.holders.map(({ owner }) => owner) : [];
  expect(owners.filter((owner) => !owner.startsWith("delegated to"))).toEqual([]);
});

test("one that repeats over a way that is cut hears of it once that is whole again", async () => {
  const world = await startRig();
  const { grant, session } = await delegated(world, "east");
  const asked = { session, requestId: "moved" as RequestId, waitMs: 60_000 };
  world.ask("east", asked, { onCallerLost: "keep" });
  await world.clock.advance(500);
  world.cut.add("east>west").add("west>east");
  const again = world.ask("west", { ...asked, resent: true });
  await world.clock.advance(500);
  await world.release("east", grant);
  await world.clock.advance(3_000);
  expect(again).toEqual([]);
  world.cut.clear();
  await world.clock.advance(6_000);
  expect(grantIn(again)).toMatchObject({ token: grant.token + 1n, regions: ["east"] });
});

test.each(["region", "shard"])(
  "a request with a grant elsewhere is not over, though a %s is silent",
  async (silent) => {
    const world = await startRig();
    const { grant, session } = await delegated(world, "east");
    const asked = { session, requestId: "moved" as RequestId, waitMs: 60_000, resent: true };
    world.ask("east", asked, { onCallerLost: "keep" });
    await world.clock.advance(500);
    const found = world.ask("west", asked);
    await world.clock.advance(500);
    await world.release("east", grant);
    await world.clock.advance(5_000);
    grantIn(found);
    // Its answer was lost on the way. By now the register has forgotten that it was withdrawn,
    // and nobody says who has the lock.
    for (let index = 0; index < 20; index++) {
      await world.run("west", { kind: "cancel", lock, grantId: `other${index}` as GrantId });
    }
    if (silent === "region") world.cut.add("west>east").add("east>west");
    else {
      const { store } = siteIn(world, "east", lock).shard;
      vi.spyOn(store, "range").mockResolvedValue({ kind: "unavailable", message: "It is away." });
    }
    const again = world.ask("west", asked);
    await world.clock.advance(6_000);
    expect(again).toMatchObject([{ code: "UNKNOWN_OUTCOME" }]);
  },
);

test("a copy that finds the lock elsewhere has no other copy told that it is cancelled", async () => {
  const world = await startRig();
  const { grant, session } = await delegated(world, "east");
  const asked = { session, requestId: "moved" as RequestId, waitMs: 60_000, resent: true };
  world.ask("east", asked, { onCallerLost: "keep" });
  await world.clock.advance(500);
  // Their shards do not answer: both copies stand in the register.
  const shards = vi
    .spyOn(DelegatedRequest.prototype, "ask")
    .mockResolvedValue({ kind: "elsewhere" });
  const first = world.ask("west", asked);
  const again = world.ask("north", asked);
  await world.clock.advance(400);
  shards.mockRestore();
  await world.release("east", grant);
  world.cut.add("north>east").add("east>north");
  await world.clock.advance(3_000);
  expect(grantIn(first)).toMatchObject({ token: grant.token + 1n });
  await world.clock.advance(5_000);
  expect(again).toMatchObject([{ code: "UNKNOWN_OUTCOME" }]);
  world.cut.clear();
  const repeated = world.ask("north", asked);
  await world.clock.advance(5_000);
  expect(grantIn(repeated)).toMatchObject({ token: grant.token + 1n });
});

test("however many repeats wait, the region that decides is asked for all of them at once", async () => {
  const world = await startRig();
  await delegated(world, "east");
  const session = await client(world, "west");
  for (let index = 0; index < 20; index++) {
    world.ask("west", { session, waitMs: 60_000, resent: true });
  }
  await world.clock.advance(10_000);
  expect(world.passedOn.length).toBeGreaterThan(5);
  expect(world.passedOn.length).toBeLessThan(25);
});
