import { expect, test } from "vitest";
import { client } from "./testing/delegated-lock.ts";
import type { GlobalRig } from "./testing/global-rig.ts";
import { startRig } from "./testing/start-rig.ts";

/** A region dies with the lock and all who stood in the register's line for it. */
async function deadLine(world: GlobalRig, length: number): Promise<void> {
  await world.grant("east", { ttlMs: 10_000 });
  for (let place = 0; place < length; place++) {
    world.ask("east", { ttlMs: 10_000, waitMs: 60_000 });
  }
  await world.clock.advance(1_000);
  world.isolate("east");
}

test.each([
  ["in the register", { ttlMs: 30_000 }],
  ["for a delegation of its region", {}],
])("one that waits %s gets past a line of the dead within seconds", async (_, request) => {
  const world = await startRig();
  const session = await client(world, "west");
  await deadLine(world, 12);
  // Seen to be held, it is had by a delegation from now on.
  expect(await world.run("west", world.acquire({ session }))).toMatchObject({ kind: "held" });
  const asked = "ttlMs" in request ? request : { session };
  const waiting = world.ask("west", { ...asked, waitMs: 60_000 });
  // The last lease of theirs ends after 10 s.
  await world.clock.advance(10_000);
  expect(waiting).toEqual([]);
  await world.clock.advance(10_000);
  expect(waiting).toMatchObject([{ kind: "granted" }]);
});

test("one that waits hears of a turn that its own region never heard of", async () => {
  const world = await startRig();
  const [east, west] = [await world.open("east"), await world.open("west")];
  const stops = [world.keepAlive(east), world.keepAlive(west)];
  const grant = await world.grant("east", { session: east });
  const waiting = world.ask("west", { session: west, waitMs: 60_000 });
  await world.clock.advance(1_000);
  // Nothing of east's reaches west any more: neither the hand-over nor what would repair it.
  world.cut.add("east>west");
  expect(await world.release("east", grant)).toEqual({ kind: "released", handedOver: true });
  await world.clock.advance(20_000);
  expect(waiting).toMatchObject([{ kind: "granted" }]);
  for (const stop of stops) stop();
});
