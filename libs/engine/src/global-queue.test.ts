import { expect, test } from "vitest";
import { startRig } from "./testing/start-rig.ts";

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
