import { expect, test } from "vitest";
import { startRig } from "./testing/start-rig.ts";

/** East's client has the lock, and west has heard nothing of it; how often it was told since. */
async function missedByWest() {
  const world = await startRig();
  const session = await world.open("east");
  world.isolate("west");
  await world.grant("east", { session });
  world.isolate("west", false);
  world.asked.length = 0;
  return { world, told: () => world.asked.filter((each) => each === "accept east>west").length };
}

test("a region that missed what was chosen is told of it once it is back", async () => {
  const { world, told } = await missedByWest();
  await world.clock.advance(10_000);
  expect(told()).toBe(1);
});

test("a coordinator that was stopped tells nobody any more, whoever did not answer in time", async () => {
  const { world, told } = await missedByWest();
  world.restart("east");
  await world.clock.advance(10_000);
  expect(told()).toBe(0);
});
