import type { AcquireOutcome } from "@holdfast/core/command/outcome";
import { expect, test } from "vitest";
import { client, delegated, grantIn } from "./testing/delegated-lock.ts";
import type { GlobalRig } from "./testing/global-rig.ts";
import { rigLock as lock, startRig } from "./testing/start-rig.ts";

/** A wait in the east that its coordinator asks for a delegation for. */
async function waitInTheEast(world: GlobalRig) {
  const session = await client(world, "east");
  // It has heard of the register, and waits there for its region instead of for one client.
  await world.run("east", { kind: "get", lock });
  const asked = world.acquire({ session, waitMs: 60_000 });
  const outcomes = world.ask("east", asked);
  await world.clock.advance(1_000);
  return { asked, outcomes };
}

test("one that got the lock by one coordinator, and was not told, is told by the other", async () => {
  const world = await startRig();
  const { grant } = await delegated(world, "west");
  const first = await waitInTheEast(world);
  world.startBeside("east");
  const second = await waitInTheEast(world);
  await world.release("west", grant);
  await world.clock.advance(2_000);
  const granted = grantIn(first.outcomes);
  // The answer was lost, and it is asked for by another way, as often as nobody knows.
  let again: AcquireOutcome[] = [];
  for (let repeats = 0; repeats < 3 && again[0]?.kind !== "granted"; repeats++) {
    again = world.ask("east", { ...first.asked, resent: true });
    await world.clock.advance(2_500);
  }
  expect(grantIn(again).token).toBe(granted.token);
  expect(second.outcomes).toEqual([]);
  await world.release("east", granted);
  await world.clock.advance(1_000);
  expect(grantIn(second.outcomes).token).toBe(granted.token + 1n);
});

test("a grant by one coordinator is vouched for by the other, which waits for the lock itself", async () => {
  const world = await startRig();
  const { grant } = await delegated(world, "west");
  const first = await waitInTheEast(world);
  world.startBeside("east");
  const second = await waitInTheEast(world);
  await world.release("west", grant);
  await world.clock.advance(2_000);
  const { grantId, token } = grantIn(first.outcomes);
  const renewed = await world.run("east", { kind: "renew", lock, grantId, token });
  expect(renewed).toMatchObject({ kind: "renewed" });
  await world.release("east", grantIn(first.outcomes));
  await world.clock.advance(1_000);
  expect(grantIn(second.outcomes).token).toBe(token + 1n);
});
