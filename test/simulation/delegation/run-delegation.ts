import { brokenBy } from "../register/run-schedule.ts";
import type { Stretch, StretchResult } from "../seed-pool.ts";
import { type Figures, failuresKeptMax, type SeedResult, sumOf } from "../seed-report.ts";
import { DelegationClient, type Way } from "./delegation-client.ts";
import { DelegationCoordinator } from "./delegation-coordinator.ts";
import { DelegationWorld } from "./delegation-world.ts";

const busyMs = 2_200;
/** In calm the lock must have gone to another region by then, whatever is delegated or held. */
const graceMs = 15_000;
const stepMs = 100;

/** One schedule: a busy and faulty while, then calm, in which another region must get the lock. */
export function runDelegation(seed: number): SeedResult {
  const world = new DelegationWorld(seed);
  const { random, timeline, checks } = world;
  const coordinators = [0, 0, 1, 2].map((region, index) => {
    return new DelegationCoordinator(world, region, index + 1);
  });
  const count = 3 + Math.floor(random.next() * 3);
  const clients: DelegationClient[] = [];
  for (let index = 0; index < count; index++) {
    const region = random.next() < 0.55 ? 0 : Math.floor(random.next() * 3);
    const client = new DelegationClient(
      world,
      coordinators,
      `c${index}`,
      region,
      wayOf(random.next()),
    );
    clients.push(client);
    world.believers.push(client);
    client.start(30 + random.next() * 300);
  }
  world.start(coordinators);
  timeline.runUntil(busyMs);
  world.calm();
  // In half of the schedules regions go on handing the lock over, and keep nobody out by it.
  const isBusy = random.next() < 0.5;
  for (const client of clients) if (!isBusy || client.way !== "local") client.die();
  let isGranted = false;
  const last = new DelegationClient(world, coordinators, "last", 1, wayOf(random.next()), () => {
    isGranted = true;
  });
  clients.push(last);
  world.believers.push(last);
  last.start(100);
  for (let spentMs = 0; spentMs < graceMs && !isGranted; spentMs += stepMs) {
    timeline.runUntil(timeline.nowMs + stepMs);
  }
  if (!isGranted) checks.fail("D5", `nobody in another region got the lock within ${graceMs} ms`);
  return {
    seed,
    hash: "",
    violations: checks.violations,
    figures: {
      events: timeline.count,
      "virtual seconds": timeline.nowMs / 1_000,
      "chosen values": checks.chosenCount,
      "local grants": checks.localGrants,
      beliefs: clients.reduce((sum, client) => sum + client.beliefs, 0),
      faults: world.faults,
      "lost messages and stalls": world.mishaps,
      ...Object.fromEntries(checks.violations.map(({ checker }) => [brokenBy(checker), 1])),
    },
  };
}

/** Runs a stretch of schedules one after the other. */
export function runDelegations({ from, count }: Stretch): StretchResult {
  const before = process.cpuUsage();
  const figures: Figures[] = [];
  const failures: SeedResult[] = [];
  for (let seed = from; seed < from + count; seed++) {
    const result = runDelegation(seed);
    figures.push(result.figures);
    if (result.violations.length > 0 && failures.length < failuresKeptMax) failures.push(result);
  }
  const { user, system } = process.cpuUsage(before);
  return { seeds: count, failures, figures: sumOf(figures), cpuMs: (user + system) / 1_000 };
}

function wayOf(roll: number): Way {
  if (roll < 0.65) return "local";
  return roll < 0.8 ? "direct" : "mixed";
}
