import type { Violation } from "@holdfast/simulator/history/run";
import type { Figures, SeedResult } from "../seed-report.ts";
import { RegisterClient } from "./register-client.ts";
import { RegisterWorld } from "./register-world.ts";

/**
 * A dead holder's lock must have passed on by then: its ttl, the lateness of leases, round trips.
 */
const graceMs = { calm: 9_000, island: 9_000, nearer: 9_000, impaired: 20_000 } as const;
const stepMs = 250;
/** A region that was wiped last of all must vote again by then. */
const readmittedMs = 12_000;

/** One schedule: clients and faults for a while, then an end in which the lock must be had. */
export function runSchedule(seed: number): SeedResult {
  const world = new RegisterWorld(seed);
  const { random, timeline, weather, checks } = world;
  const count = 2 + Math.floor(random.next() * 3);
  for (let index = 0; index < count; index++) {
    const region = Math.floor(random.next() * 3);
    const isShort = weather.isRestless || weather.isSlow;
    const ttlMs = 700 + random.next() * (weather.ttlMaxMs - 700);
    const client = new RegisterClient(world, `c${index}`, region, ttlMs, isShort);
    world.clients.push(client);
    client.start(random.next() * 500);
  }
  timeline.runUntil(weather.busyMs);
  playFinale(world);
  world.record?.compare(checks.chosen);
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
      wipes: world.wipes,
      "re-admissions": world.membership.readmissions,
      "lost or doubled messages": world.network.mishaps,
      ...foundBy(checks.violations),
    },
  };
}

/** No more faults but those that the end is about; then somebody must get the lock. */
function playFinale(world: RegisterWorld): void {
  const { weather, timeline, checks, regions } = world;
  world.calm();
  const stranded = weather.finale === "island" ? strandHolder(world) : undefined;
  for (const client of world.clients) if (client !== stranded?.client) client.die();
  if (weather.isWiping) {
    const isWhole = () => regions.every(({ index }) => world.membership.isWhole(index));
    letGo(world, readmittedMs, isWhole);
    if (!isWhole()) checks.fail("L1", "a region was not readmitted");
  }
  const homes =
    weather.finale === "impaired" ? impair(world) : [Math.floor(world.random.next() * 3)];
  let isGranted = false;
  const crowd = weather.finale === "nearer" ? crowdOnce(world) : () => {};
  for (const home of homes) {
    const region = stranded?.region ?? (weather.finale === "nearer" ? 2 : home);
    const last = new RegisterClient(world, `last${home}`, region, 5_000);
    world.clients.push(last);
    const onGranted = () => (isGranted = true);
    timeline.after(300, () => last.insist(onGranted, crowd));
  }
  const withinMs = graceMs[weather.finale];
  letGo(world, withinMs, () => isGranted);
  if (isGranted) return;
  const message = `nobody got the lock within ${withinMs} ms`;
  if (weather.finale === "impaired") checks.fail("L1", message);
  else if (weather.finale === "nearer") checks.fail("L3", message);
  else checks.fail("L2", message);
}

function letGo({ timeline }: RegisterWorld, withinMs: number, isDone: () => boolean): void {
  for (let spentMs = 0; spentMs < withinMs && !isDone(); spentMs += stepMs) {
    timeline.runUntil(timeline.nowMs + stepMs);
  }
}

/** Once somebody waits, another one, nearer to the quorum, takes the lock as often as it can. */
function crowdOnce(world: RegisterWorld): () => void {
  const crowding = new RegisterClient(world, "near", Math.floor(world.random.next() * 2), 5_000);
  world.clients.push(crowding);
  let isCrowding = false;
  return () => {
    if (!isCrowding) crowding.crowd();
    isCrowding = true;
  };
}

/** One that has the lock goes on living in its own region, and is heard of in no other. */
function strandHolder({ clients }: RegisterWorld) {
  const client = clients.find((each) => each.believes && each instanceof RegisterClient);
  if (!(client instanceof RegisterClient)) return undefined;
  client.strand();
  return { client, region: client.region };
}

/** One region away, one slow, or one direction cut; where those live that try. */
function impair({ random, network }: RegisterWorld): number[] {
  const region = Math.floor(random.next() * 3);
  const [next, last] = [(region + 1) % 3, (region + 2) % 3];
  const kind = random.next();
  if (kind < 0.35) {
    for (const other of [next, last]) {
      network.sever(region, other);
      network.sever(other, region);
    }
    return [next, last];
  }
  if (kind < 0.55) network.slow(region, 500);
  else network.sever(region, next);
  return [region, next];
}

/** Under what name the schedules that broke an invariant are counted. */
export function brokenBy(invariant: string): string {
  return `schedules that broke ${invariant}`;
}

function foundBy(violations: readonly Violation[]): Figures {
  return Object.fromEntries(violations.map(({ checker }) => [brokenBy(checker), 1]));
}
