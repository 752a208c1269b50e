import { setTimeout as sleep } from "node:timers/promises";
import type { HistoryEvent } from "../../history/history-event.ts";
import type { WanPlatform } from "../../wan/wan-platform.ts";
import type { Holder } from "../holder.ts";
import { bystanders, type Part, partName, probes } from "./cast.ts";
import { inheritedInTime } from "./dead-owners.ts";
import { delegationDrills } from "./delegation-drills.ts";
import { inTurn } from "./fault.ts";
import {
  allKilled,
  clientsFrozen,
  clientsKilled,
  coordinatorDies,
  etcdFrozen,
  regionFrozen,
  regionIsolated,
  regionKilled,
  regionRolledOut,
  regionSlow,
  regionsParted,
  routerKilled,
  type Unplaced,
  votesRepeated,
  wayCut,
} from "./faults.ts";
import type { GlobalDrill, Scene } from "./global-drill.ts";
import {
  busy,
  clinging,
  crowding,
  duelling,
  fidgeting,
  inheriting,
  keeping,
  lining,
} from "./habits.ts";
import { handOvers, rolledOutUnnoticed } from "./hand-overs.ts";
import { grantsAfterwards } from "./recovery.ts";
import { gapsOf } from "./region-gaps.ts";
import { refusedWrites } from "./stale-writes.ts";
import { regionWiped } from "./wiped-region.ts";

const startMs = 1_500;
/**
 * Longer than a delegation (10 s), and than a ttl with all that a takeover takes (7.6 s of 8 have
 * been seen): whoever is cut off must have lost what it held either way, while it still is.
 */
const isolatedMs = 12_000;
/** What the replacement of a region's services takes, and a rest. */
const rolloutMs = 5_000;

/** Round after round of faults, each on another thing, for as long as there is time. */
function rounds(
  scene: Scene,
  seconds: number,
  restMs: number,
  round: (scene: Scene, number: number) => readonly Unplaced[],
) {
  const all = Array.from({ length: 100 }, (_, number) => round(scene, number)).flat();
  const placed = inTurn(all, { fromMs: startMs, restMs });
  return placed.filter(({ atMs, forMs }) => atMs + forMs <= seconds * 1_000);
}

/** The region that is broken in round `number`. */
function siteOf({ platform }: Scene, number: number) {
  return platform.sites[number % platform.sites.length]!;
}

/**
 * Those who want what others keep, in some regions: most come one after the other and wait for as
 * long as it takes, some are not patient and change the register all the time. They want to share
 * the lock, for whoever wants it alone waits in its region, and the register hears of it once.
 */
function heirs(sites: WanPlatform["sites"], locks: readonly string[]): Part[] {
  return sites.flatMap(({ region }): Part[] => [
    { role: "heir", region, clients: 1, workers: 6, habits: { ...inheriting, locks } },
    { role: "restless", region, clients: 1, workers: 2, habits: { ...fidgeting, locks } },
  ]);
}

/** Resolves once a process of clients has been granted something, or after some seconds. */
async function untilHolding(holder: Holder): Promise<void> {
  const isGrant = (event: HistoryEvent) => event.kind === "return" && event.result === "granted";
  for (let tries = 0; tries < 100 && !holder.history().some(isGrant); tries++) await sleep(100);
}

function firstOf({ sites }: WanPlatform): string {
  return sites[0]!.region;
}

const regionLost: GlobalDrill = {
  name: "global-region-lost",
  about: "kill -9 of all of a region, and it comes back with its disks; then the same by SIGSTOP",
  shortSeconds: 15,
  seconds: 60,
  perSecondMin: 2,
  parts: (platform) => [...bystanders(platform), ...probes(platform)],
  faults: (scene, seconds) =>
    rounds(scene, seconds, 2_500, (_, number) => [
      regionKilled(siteOf(scene, 2 * number), 5_000),
      regionFrozen(siteOf(scene, 2 * number + 1), 4_000),
    ]),
  look: gapsOf,
};

const regionIsolatedDrill: GlobalDrill = {
  name: "global-region-isolated",
  about:
    "nothing gets to a region or out of it for longer than a delegation; its clients stay there",
  shortSeconds: 18,
  seconds: 60,
  perSecondMin: 1,
  parts: (platform) => [
    ...bystanders(platform),
    // One who keeps a lock in each region, and all want it.
    ...platform.sites.map(({ region }): Part => {
      const habits = { ...keeping, locks: [`at-${region}`] };
      return { role: "keeper", region, clients: 1, workers: 1, habits };
    }),
    // Not patient, so that there is always somebody who has only just asked.
    ...platform.sites.map(({ region }): Part => {
      const locks = platform.sites.map((site) => `at-${site.region}`);
      const habits = { ...inheriting, locks, waitMs: 2_000, thinkMsMax: 300 };
      return { role: "heir", region, clients: 1, workers: 3, habits };
    }),
  ],
  faults: (scene, seconds) =>
    rounds(scene, seconds, 4_000, ({ platform }, number) => [
      regionIsolated(platform, siteOf(scene, number).region, isolatedMs),
      // One region alone calls the holder gone then, for as long as the cut goes on.
      regionsParted(
        platform,
        siteOf(scene, number).region,
        siteOf(scene, number + 1).region,
        8_000,
      ),
    ]),
};

const coordinatorDeaths: GlobalDrill = {
  name: "global-coordinator-dies",
  about:
    "a coordinator dies after 0, 1, 2, 3 prepares and accepts of a proposal; nobody hears more",
  shortSeconds: 12,
  seconds: 90,
  perSecondMin: 2,
  parts: (platform) => bystanders(platform),
  faults: (scene, seconds) =>
    rounds(scene, seconds, 600, ({ problems }, number) =>
      (["accept", "prepare"] as const).flatMap((step, stepIndex) =>
        ([0, 1, 2, 3] as const).map((count) => {
          const site = siteOf(scene, number + count + stepIndex);
          return coordinatorDies(site, { kind: "die", step, count }, 700, problems);
        }),
      ),
    ),
};

const cuts: GlobalDrill = {
  name: "global-cuts",
  about: "each of the six ways between regions is cut in turn, the way back open",
  shortSeconds: 14,
  seconds: 90,
  perSecondMin: 2,
  parts: (platform) => bystanders(platform),
  faults: (scene, seconds) =>
    rounds(scene, seconds, 500, ({ platform }) =>
      platform.wan.directions.map((way) => wayCut(platform, way, 1_500)),
    ),
};

const slowRegion: GlobalDrill = {
  name: "global-slow-region",
  about: "every round trip to a region takes 500 ms longer",
  shortSeconds: 9,
  seconds: 60,
  perSecondMin: 2,
  parts: (platform) => bystanders(platform),
  faults: (scene, seconds) =>
    rounds(scene, seconds, 2_500, ({ platform }, number) => [
      regionSlow(platform, siteOf(scene, number).region, 500, 6_500),
    ]),
};

const etcdPaused: GlobalDrill = {
  name: "global-etcd-paused",
  about: "SIGSTOP of the etcd that leads a shard of one region, for longer than a ttl",
  shortSeconds: 13,
  seconds: 60,
  perSecondMin: 2,
  parts: (platform) => bystanders(platform),
  faults: (scene, seconds) =>
    rounds(scene, seconds, 3_000, (_, number) => [etcdFrozen(siteOf(scene, number), 10_000)]),
};

const holderPaused: GlobalDrill = {
  name: "global-holder-paused",
  about: "SIGSTOP of clients past their ttl; then they write without looking, and are refused",
  shortSeconds: 12,
  seconds: 60,
  perSecondMin: 2,
  parts: (platform) => [
    ...bystanders(platform),
    ...platform.sites.slice(0, 2).map(({ region }): Part => {
      return { role: "victim", region, clients: 1, workers: 3, habits: clinging };
    }),
  ],
  faults: (scene, seconds) =>
    rounds(scene, seconds, 3_000, ({ cast, platform }, number) => {
      const { region } = platform.sites[number % 2]!;
      return [clientsFrozen(cast.get(partName({ role: "victim", region }))!, 8_500)];
    }),
  look: refusedWrites,
};

/** The way of its heartbeats to one region, then to the other, is cut before the holder dies. */
const holderKilled: GlobalDrill = {
  name: "global-holder-killed",
  about: "kill -9 of clients that hold locks, while their leases end one region after the other",
  shortSeconds: 18,
  seconds: 18,
  perSecondMin: 2,
  parts: (platform) => [
    ...bystanders(platform),
    ...heirs(platform.sites.slice(1), ["heirloom"]),
    {
      ...{ role: "victim", region: firstOf(platform), clients: 1, workers: 1 },
      habits: { ...keeping, locks: ["heirloom"] },
    },
  ],
  faults: ({ cast, platform }) => {
    const [from, near, far] = platform.sites.map(({ region }) => region);
    const victim = cast.get(partName({ role: "victim", region: firstOf(platform) }))!;
    const held = untilHolding(victim);
    const later = (ms: number): Promise<void> => held.then(() => sleep(ms));
    // The ways stay cut until well after the locks must have been inherited. Its last heartbeats
    // reach its own region alone, one at least: there its lease ends later than anywhere else, and
    // meanwhile somebody changes the register.
    return [
      { ...wayCut(platform, { from: from!, to: far! }, 16_500), atMs: 0, after: later(500) },
      { ...wayCut(platform, { from: from!, to: near! }, 12_000), atMs: 0, after: later(5_000) },
      { ...clientsKilled(victim, 10_000), atMs: 0, after: later(7_000) },
    ];
  },
  look: inheritedInTime,
};

const routerLost: GlobalDrill = {
  name: "global-router-lost",
  about: "kill -9 of a region's only router: its clients go on through another region's",
  shortSeconds: 8,
  seconds: 60,
  perSecondMin: 2,
  parts: (platform) => bystanders(platform),
  faults: (scene, seconds) =>
    rounds(scene, seconds, 2_500, (_, number) => [routerKilled(siteOf(scene, number), 4_500)]),
};

const everythingKilled: GlobalDrill = {
  name: "global-all-killed",
  about: "kill -9 of every process of the platform at once; all come back with their disks",
  shortSeconds: 10,
  seconds: 60,
  // For as long as nothing runs, nothing is answered.
  perSecondMin: 0,
  grantsPerSecondMin: 0.2,
  // What is under way when everything goes is answered with "unknown", which does not count.
  overlapMin: 0,
  parts: (platform) => bystanders(platform),
  faults: (scene, seconds) =>
    rounds(scene, seconds, 12_000, ({ platform }) => [allKilled(platform, 1_000)]),
  look: grantsAfterwards,
};

const hotLock: GlobalDrill = {
  name: "global-hot-lock",
  about: "60 clients (200 by hand, for minutes) in three regions want one lock, ways are cut",
  shortSeconds: 14,
  seconds: 180,
  perSecondMin: 2,
  parts: (platform, isShort) =>
    platform.sites.flatMap(({ region }): Part[] => [
      { role: "crowd", region, clients: isShort ? 20 : 67, workers: 1, habits: crowding },
      { role: "duel", region, clients: 1, workers: 3, habits: duelling },
    ]),
  faults: (scene, seconds) =>
    rounds(scene, seconds, 1_500, ({ platform }, number) => {
      const { directions } = platform.wan;
      return [wayCut(platform, directions[number % directions.length]!, 5_500)];
    }),
  look: handOvers,
};

const rollout: GlobalDrill = {
  name: "global-rollout",
  about: "router and coordinator of each region are replaced, its etcd restarts; all want one lock",
  shortSeconds: 18,
  seconds: 120,
  perSecondMin: 2,
  replaceable: true,
  parts: (platform) =>
    platform.sites.map(({ region }): Part => {
      return { role: "line", region, clients: 2, workers: 1, habits: lining };
    }),
  faults: (scene, seconds) => {
    const count = Math.floor((1_000 * seconds - startMs) / rolloutMs);
    const all = Array.from({ length: count }, (_, number) => siteOf(scene, number));
    return inTurn(all.map(regionRolledOut), { fromMs: startMs, restMs: 500 });
  },
  look: rolledOutUnnoticed,
};

const repeated: GlobalDrill = {
  name: "global-duplicates",
  about: "every command of a client and every message of a vote is sent twice, the copy later",
  shortSeconds: 8,
  seconds: 60,
  perSecondMin: 2,
  clientPreloads: [new URL("repeating-client.ts", import.meta.url)],
  parts: (platform) => bystanders(platform, busy),
  faults: ({ platform }, seconds) =>
    inTurn([votesRepeated(platform, seconds * 1_000 - startMs - 500)], {
      fromMs: startMs,
      restMs: 0,
    }),
};

/** Every drill of the global tier. */
export const globalDrills: readonly GlobalDrill[] = [
  regionLost,
  regionWiped,
  regionIsolatedDrill,
  coordinatorDeaths,
  cuts,
  slowRegion,
  etcdPaused,
  holderPaused,
  holderKilled,
  routerLost,
  everythingKilled,
  hotLock,
  rollout,
  repeated,
  ...delegationDrills,
];
