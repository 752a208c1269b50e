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

/** One got the lock by the east's first coordinator, and another waits at its second one. */
async function grantAndWait(world: GlobalRig) {
  const { grant } = await delegated(world, "west");
  const first = await waitInTheEast(world);
  world.startBeside("east");
  const second = await waitInTheEast(world);
  await world.release("west", grant);
  await world.clock.advance(2_000);
  return { asked: first.asked, granted: grantIn(first.outcomes), waiting: second.outcomes };
}

test("one that got the lock by one coordinator, and was not told, is told by the other", async () => {
  const world = await startRig();
  const { asked, granted, waiting } = await grantAndWait(world);
  // The answer was lost, and it is asked for by another way, as often as nobody knows.
  let again: AcquireOutcome[] = [];
  for (let repeats = 0; repeats < 3 && again[0]?.kind !== "granted"; repeats++) {
    again = world.ask("east", { ...asked, resent: true });
    await world.clock.advance(2_500);
  }
  expect(grantIn(again).token).toBe(granted.token);
  expect(waiting).toEqual([]);
  await world.release("east", granted);
  await world.clock.advance(1_000);
  expect(grantIn(waiting).token).toBe(granted.token + 1n);
});

test("a grant by one coordinator is vouched for by the other, which waits for the lock itself", async () => {
  const world = await startRig();
  const { granted, waiting } = await grantAndWait(world);
  const { grantId, token } = granted;
  const renewed = await world.run("east", { kind: "renew", lock, grantId, token });
  expect(renewed).toMatchObject({ kind: "renewed" });
  await world.release("east", granted);
  await world.clock.advance(1_000);
  expect(grantIn(waiting).token).toBe(token + 1n);
});

test("one that has the lock does not wait in the register behind itself", async () => {
  const world = await startRig();
  const { grant } = await delegated(world, "west");
  const { asked, outcomes } = await waitInTheEast(world);
  const before = world.locks.get("east");
  world.startBeside("east");
  // A copy at the other coordinator, which knows of no delegation and asks the register for it.
  world.ask("east", asked);
  await world.clock.advance(1_000);
  await world.release("west", grant);
  await world.clock.advance(2_000);
  const granted = grantIn(outcomes);
  if (before !== undefined) world.locks.set("east", before);
  const again = world.ask("east", { ...asked, resent: true });
  await world.clock.advance(2_000);
  expect(grantIn(again).token).toBe(granted.token);
});
