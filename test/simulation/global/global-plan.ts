import { integerBelow, type Random, SeededRandom } from "@holdfast/base/random";
import { cleanLink, type LinkFaults } from "@holdfast/simulator/kernel/simulated-network";
import type { ClockSkew } from "@holdfast/simulator/kernel/simulated-process";
import { cleanStore, type StoreFaults } from "@holdfast/simulator/store/store-faults";
import { between, chance, type Mishap, mishapsOf, skewOf } from "../draws.ts";
import type { Workload } from "../world/application.ts";
import { namespace, regionNames } from "./global-names.ts";
import { type Distances, type GlobalFaults, pairOf } from "./global-network.ts";

/** Longest waits: about as long as an answer takes, longer than a ttl, and much longer. */
const waitsMsMax = [1_500, 8_000, 25_000] as const;

const misfortuneKinds = [
  "pause-client",
  "suspend-client",
  "crash-client",
  "pause-coordinator",
  "crash-coordinator",
  "pause-router",
  "crash-router",
  "cut-client",
  "cut-regions",
  "isolate-region",
  "cut-shard",
  "break-connections",
  "change-leader",
  "jump-wall",
  "force-release",
] as const;

/** Something done to the world at a time, apart from the faults that go on all the while. */
export type Misfortune = Mishap<(typeof misfortuneKinds)[number]>;

/** How one client behaves. */
export interface GlobalClientPlan {
  readonly region: string;
  readonly skew: ClockSkew;
  /** Of its session, or of each lock it takes without one. */
  readonly ttlMs: number;
  readonly ownTtl: boolean;
  readonly renews: boolean;
  /** Requests it makes at once. */
  readonly threads: number;
  readonly asksState: boolean;
}

/** Everything about a seed's run that is decided before it begins. */
export interface GlobalPlan extends Workload {
  /** How long misfortunes go on, and how long clients work on after that. */
  readonly busyMs: number;
  readonly calmMs: number;
  /** Clients end their sessions when they have no more to do. */
  readonly closes: boolean;
  readonly shardsPerRegion: number;
  readonly coordinatorsPerRegion: number;
  readonly routersPerRegion: number;
  readonly clients: readonly GlobalClientPlan[];
  readonly leaseLateMsMax: number;
  readonly storeTimeLimitMs: number;
  readonly batchesInFlightMax: number;
  readonly distances: Distances;
  readonly faults: GlobalFaults;
  readonly store: StoreFaults;
  readonly misfortunes: readonly Misfortune[];
  /** Clocks of processes by the order of their start. */
  skew(): ClockSkew;
}

/**
 * The plan of a seed. Each kind of fault is left out of half of the runs, so that some runs have
 * few. One in eight is a crowd: more wait for one lock from one region than a register has places.
 * One in four has outages longer than a ttl, and one lock that is held for longer, too.
 */
export function globalPlanOf(seed: number): GlobalPlan {
  const random = new SeededRandom(Math.imul(seed, 0x2545f491) ^ 0x7f4a7c15);
  const busyMs = between(random, 8_000, 25_000);
  const isCrowd = chance(random, 0.12);
  const clients = clientsOf(random, isCrowd);
  const skews = new SeededRandom(Math.imul(seed, 0x9e3779b1) ^ 0x51ed270b);
  const plan: GlobalPlan = {
    busyMs,
    calmMs: between(random, 1_000, 12_000),
    closes: chance(random, 0.85),
    shardsPerRegion: 1 + integerBelow(random, 2),
    coordinatorsPerRegion: chance(random, 0.4) ? 2 : 1,
    routersPerRegion: chance(random, 0.3) ? 2 : 1,
    clients,
    locks: isCrowd ? [`${namespace}/hot`] : locksOf(random),
    sharedRate: chance(random, 0.4) ? 0.4 * random.next() : 0,
    tryRate: isCrowd ? 0.05 : 0.4 * random.next(),
    waitMsMax: isCrowd ? 25_000 : (waitsMsMax[integerBelow(random, waitsMsMax.length)] ?? 0),
    thinkMsMax: between(random, 50, isCrowd ? 500 : 2_000),
    holdMsMax: between(random, 20, isCrowd ? 300 : 3_000),
    leaseLateMsMax: chance(random, 0.5) ? between(random, 0, 3_000) : 0,
    storeTimeLimitMs: between(random, 1_000, 4_000),
    batchesInFlightMax: 1 + integerBelow(random, 4),
    distances: distancesOf(random),
    faults: {
      votes: linkFaultsOf(random, 0.08),
      connections: { ...linkFaultsOf(random, 0.01), duplicateRate: 0 },
    },
    store: storeFaultsOf(random),
    misfortunes: mishapsOf(random, {
      kinds: misfortuneKinds,
      kindShare: 0.4,
      countMax: 8,
      fromMs: 1_000,
      untilMs: busyMs,
      indexBelow: 120,
      lastsMsMax: [2_500, 12_000],
    }),
    skew: () => skewOf(skews),
  };
  return !isCrowd && chance(random, 0.3) ? { ...plan, ...outagesOf(random, plan) } : plan;
}

/** Outages longer than a ttl, of those who hold for longer than a ttl: what deadlines are for. */
function outagesOf(random: Random, { clients }: GlobalPlan) {
  const kinds = ["isolate-region", "isolate-region", "suspend-client", "cut-client"] as const;
  const misfortunes = Array.from({ length: 2 + integerBelow(random, 3) }, (): Misfortune => {
    const kind = kinds[integerBelow(random, kinds.length)] ?? "isolate-region";
    const atMs = between(random, 2_000, 18_000);
    const lastsMs = between(random, 9_000, 14_000);
    return { atMs, kind, index: integerBelow(random, 120), lastsMs, direction: "both" };
  });
  return {
    busyMs: 32_000,
    leaseLateMsMax: between(random, 0, 500),
    clients: clients.map((client) => ({ ...client, ttlMs: 5_000, renews: true })),
    locks: [`${namespace}/lock-0`],
    holdMsMax: between(random, 8_000, 20_000),
    waitMsMax: 25_000,
    sharedRate: 0,
    misfortunes,
  };
}

/** Few, so that they are fought over, and the first one more than the others. */
function locksOf(random: Random): string[] {
  const count = 1 + integerBelow(random, 4);
  const names = Array.from({ length: count }, (_, index) => `${namespace}/lock-${index}`);
  return [...names.slice(0, 1), ...names.slice(0, 1), ...names];
}

function clientsOf(random: Random, isCrowd: boolean): GlobalClientPlan[] {
  const count = 4 + integerBelow(random, 4);
  const clients = Array.from({ length: count }, (_, index) => clientOf(random, index));
  const [first] = clients;
  if (!isCrowd || first === undefined) return clients;
  return [
    { ...first, ownTtl: chance(random, 0.3), threads: 30 + integerBelow(random, 12) },
    ...clients.slice(1, 4),
  ];
}

function clientOf(random: Random, index: number): GlobalClientPlan {
  const region = regionNames[chance(random, 0.7) ? index % 3 : integerBelow(random, 3)] ?? "";
  return {
    region,
    skew: skewOf(random),
    ttlMs: 5_000 + (chance(random, 0.7) ? 0 : integerBelow(random, 4_000)),
    ownTtl: chance(random, 0.3),
    renews: chance(random, 0.7),
    threads: chance(random, 0.3) ? 2 : 1,
    asksState: chance(random, 0.5),
  };
}

function distancesOf(random: Random): Distances {
  // Close together, deadlines that are a little too late are found out; far apart, races are long.
  const scale = chance(random, 0.3) ? 0.1 : between(random, 0.3, 2);
  const [east, north, west] = regionNames;
  const oneWayMs = new Map([
    [pairOf(east, north), 20 * scale * between(random, 0.5, 1.5)],
    [pairOf(east, west), 33 * scale * between(random, 0.5, 1.5)],
    [pairOf(north, west), 40 * scale * between(random, 0.5, 1.5)],
  ]);
  return { oneWayMs, jitter: chance(random, 0.5) ? random.next() : 0.05 };
}

function linkFaultsOf(random: Random, lossMax: number): LinkFaults {
  return {
    lossRate: chance(random, 0.5) ? lossMax * random.next() : cleanLink.lossRate,
    duplicateRate: chance(random, 0.5) ? 0.2 * random.next() : cleanLink.duplicateRate,
    lateRate: chance(random, 0.5) ? 0.1 * random.next() : cleanLink.lateRate,
    lateMsMax: between(random, 50, chance(random, 0.3) ? 6_000 : 1_000),
  };
}

function storeFaultsOf(random: Random): StoreFaults {
  const some = (most: number) => (chance(random, 0.4) ? most * random.next() : 0);
  return {
    ...cleanStore,
    refusedRate: some(0.03),
    requestLostRate: some(0.02),
    replyLostRate: some(0.04),
    stalledRate: some(0.04),
    stalledMsMax: between(random, 200, 8_000),
    slowRate: some(0.1),
    slowMsMax: between(random, 20, chance(random, 0.2) ? 3_500 : 900),
    watchSlowRate: some(0.2),
    watchInterruptedRate: some(0.1),
  };
}
