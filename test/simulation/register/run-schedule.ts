import type { Violation } from "@holdfast/simulator/history/run";
import type { Figures, SeedResult } from "../seed-report.ts";
import { RegisterClient } from "./register-client.ts";
import { RegisterWorld } from "./register-world.ts";

const busyMs = 4_000;
/**
 * A dead holder's lock must have passed on by then: its ttl, the lateness of leases, round trips.
 */
const graceMs = 9_000;
const stepMs = 250;

/** One schedule: clients and faults for a while, then calm, in which the lock must still be had. */
export function runSchedule(seed: number): SeedResult {
  const world = new RegisterWorld(seed);
  const { random, timeline, weather, checks } = world;
  const count = 2 + Math.floor(random.next() * 3);
  for (let index = 0; index < count; index++) {
    const region = Math.floor(random.next() * 3);
    const ttlMs = 700 + random.next() * (weather.ttlMaxMs - 700);
    const client = new RegisterClient(world, `c${index}`, region, ttlMs);
    world.clients.push(client);
    client.start(random.next() * 500);
  }
  timeline.runUntil(weather.holdMaxMs > busyMs ? 1.5 * busyMs : busyMs);
  world.calm();
  for (const client of world.clients) client.die();
  const last = new RegisterClient(world, "last", Math.floor(random.next() * 3), 5_000);
  world.clients.push(last);
  let isGranted = false;
  timeline.after(300, () => last.insist(() => (isGranted = true)));
  for (let spentMs = 0; spentMs < graceMs && !isGranted; spentMs += stepMs) {
    timeline.runUntil(timeline.nowMs + stepMs);
  }
  if (!isGranted) checks.fail("L2", `nobody got the lock within ${graceMs} ms of calm`);
  return {
    seed,
    hash: "",
    violations: checks.violations,
    figures: {
      events: timeline.count,
      "virtual seconds": timeline.nowMs / 1_000,
      "chosen values": checks.chosenCount,
      beliefs: world.clients.reduce((sum, client) => sum + client.beliefs, 0),
      faults: world.faults,
      "lost or doubled messages": world.mishaps,
      ...foundBy(checks.violations),
    },
  };
}

/** Under what name the schedules that broke an invariant are counted. */
export function brokenBy(invariant: string): string {
  return `schedules that broke ${invariant}`;
}

function foundBy(violations: readonly Violation[]): Figures {
  return Object.fromEntries(violations.map(({ checker }) => [brokenBy(checker), 1]));
}
