import { integerBelow, type Random, SeededRandom } from "@holdfast/base/random";
import { hierarchicalNamespace } from "@holdfast/simulator/checkers/interference";
import { cleanLink, type LinkFaults } from "@holdfast/simulator/kernel/simulated-network";
import type { ClockSkew } from "@holdfast/simulator/kernel/simulated-process";
import { cleanStore, type StoreFaults } from "@holdfast/simulator/store/store-faults";
import { between, chance, type Mishap, mishapsOf, skewOf } from "../draws.ts";
import { namespace } from "./names.ts";

const injectionKinds = [
  "pause-client",
  "suspend-client",
  "crash-client",
  "pause-router",
  "crash-router",
  "cut-client",
  "isolate-client",
  "fade-client",
  "cut-shard",
  "break-connection",
  "change-leader",
  "raise-epoch",
] as const;

/** Something done to the world at a time, apart from the faults that go on all the while. */
export type Injection = Mishap<(typeof injectionKinds)[number]>;

/** How one client behaves. */
export interface ClientPlan {
  readonly skew: ClockSkew;
  /** Of its session, or of each lock it takes without one. */
  readonly ttlMs: number;
  /** It takes each lock with a ttl of its own instead of under a session. */
  readonly ownTtl: boolean;
  /** It renews a lock with a ttl of its own; one under a session is always kept alive. */
  readonly renews: boolean;
  /** Requests it makes at once. */
  readonly threads: number;
  /** It closes its client when it has no more to do, which ends its session. */
  readonly closes: boolean;
  /** It asks whether it still holds at each use; else it trusts to be told. */
  readonly asksState: boolean;
}

/** Everything about a seed's run that is decided before it begins. */
export interface Plan {
  /** How long faults and misfortunes go on, and how long clients work on after that. */
  readonly busyMs: number;
  readonly calmMs: number;
  readonly quietMs: number;
  readonly routers: readonly ClockSkew[];
  readonly shards: readonly ClockSkew[];
  readonly clients: readonly ClientPlan[];
  /** `namespace/name` */
  readonly locks: readonly string[];
  readonly sharedRate: number;
  readonly tryRate: number;
  /** Longest wait that is asked for, apart from tries. */
  readonly waitMsMax: number;
  /** Longest pause between two requests of a thread, and longest time a lock is held. */
  readonly thinkMsMax: number;
  readonly holdMsMax: number;
  readonly leaseLateMsMax: number;
  /** Batches a router has under way at once: with few, more share one. */
  readonly batchesInFlightMax: number;
  /** After this long a router gives a request to a shard up. */
  readonly storeTimeLimitMs: number;
  readonly link: LinkFaults;
  readonly store: StoreFaults;
  readonly injections: readonly Injection[];
}

/**
 * The plan of a seed. Each kind of fault is left out of half of the runs, so that some runs have
 * few.
 */
export function planOf(seed: number): Plan {
  const random = new SeededRandom(Math.imul(seed, 0x27d4eb2f) ^ 0x165667b1);
  const busyMs = between(random, 6_000, 15_000);
  // Without closing, sessions live on, and the list that is due once a minute has work to do.
  const closes = chance(random, 0.9);
  const scripts = chance(random, 0.15);
  const clientCount = 3 + integerBelow(random, 3);
  const client = () => ({ ...clientOf(random), ...(scripts ? script : {}), closes });
  return {
    busyMs,
    // What broke silently while things went wrong shows when they do not.
    calmMs: between(random, 0, 8_000),
    quietMs: closes ? 35_000 : 80_000,
    routers: Array.from({ length: 2 + integerBelow(random, 2) }, () => skewOf(random)),
    shards: Array.from({ length: 1 + integerBelow(random, 2) }, () => skewOf(random)),
    clients: Array.from({ length: clientCount }, client),
    locks: locksOf(random),
    sharedRate: chance(random, 0.5) ? 0.4 * random.next() : 0,
    tryRate: 0.3 * random.next(),
    waitMsMax: chance(random, 0.3) ? 20_000 : 8_000,
    thinkMsMax: scripts ? 300 : between(random, 50, 2_000),
    holdMsMax: between(random, 20, 3_000),
    leaseLateMsMax: chance(random, 0.5) ? between(random, 0, 3_000) : 0,
    batchesInFlightMax: 1 + integerBelow(random, 4),
    storeTimeLimitMs: between(random, 1_000, 5_000),
    link: linkFaultsOf(random),
    store: storeFaultsOf(random),
    injections: mishapsOf(random, {
      kinds: injectionKinds,
      kindShare: 0.5,
      countMax: 6,
      fromMs: 500,
      untilMs: busyMs,
      indexBelow: 60,
      lastsMsMax: [2_000, 9_000],
    }),
  };
}

/**
 * Short ttls that nobody renews: what a script takes that acquires and releases by two commands.
 */
const script = { ttlMs: 2_000, ownTtl: true, renews: false } as const;

/** Few, so that they are fought over. Where names are paths, one shuts out those below it. */
function locksOf(random: Random): string[] {
  if (chance(random, 0.2)) return paths.slice(0, 2 + integerBelow(random, paths.length - 1));
  const count = 1 + integerBelow(random, 3);
  return Array.from({ length: count }, (_, index) => `${namespace}/lock-${index}`);
}

const paths = ["a", "a/b", "a/b/c", "a/d"].map((path) => `${hierarchicalNamespace}/${path}`);

function clientOf(random: Random): Omit<ClientPlan, "closes"> {
  const seconds = 2 + integerBelow(random, 4);
  return {
    skew: skewOf(random),
    ttlMs: chance(random, 0.5) ? seconds * 1_000 : seconds * 1_000 + integerBelow(random, 900),
    ownTtl: chance(random, 0.3),
    renews: chance(random, 0.6),
    threads: chance(random, 0.3) ? 2 : 1,
    asksState: chance(random, 0.5),
  };
}

function linkFaultsOf(random: Random): LinkFaults {
  return {
    lossRate: chance(random, 0.5) ? 0.05 * random.next() : cleanLink.lossRate,
    duplicateRate: chance(random, 0.5) ? 0.05 * random.next() : cleanLink.duplicateRate,
    lateRate: chance(random, 0.5) ? 0.1 * random.next() : cleanLink.lateRate,
    lateMsMax: between(random, 50, 6_000),
  };
}

function storeFaultsOf(random: Random): StoreFaults {
  const some = (most: number) => (chance(random, 0.5) ? most * random.next() : 0);
  return {
    ...cleanStore,
    refusedRate: some(0.05),
    requestLostRate: some(0.03),
    replyLostRate: some(0.05),
    stalledRate: some(0.05),
    stalledMsMax: between(random, 200, 8_000),
    slowRate: some(0.1),
    slowMsMax: between(random, 20, chance(random, 0.2) ? 4_500 : 900),
    watchSlowRate: some(0.2),
    watchInterruptedRate: some(chance(random, 0.2) ? 0.5 : 0.05),
  };
}
