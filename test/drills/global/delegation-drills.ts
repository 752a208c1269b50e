import { setTimeout as sleep } from "node:timers/promises";
import { isLocalToken } from "@holdfast/core/delegation/delegation-state";
import type { Holder } from "../holder.ts";
import type { Habits } from "../worker.ts";
import { bystanders, partName } from "./cast.ts";
import {
  grantedMeanwhile,
  household,
  keptOver,
  shardsApart,
  takenOver,
  watchedHousehold,
} from "./delegated-locks.ts";
import { type Fault, inTurn } from "./fault.ts";
import { coordinatorRestarted, etcdFrozen, regionKilled, type Unplaced } from "./faults.ts";
import type { Findings, GlobalDrill, Scene } from "./global-drill.ts";
import { using } from "./habits.ts";

/** The region that locks are delegated to; the first of all. */
const home = "us-east-1";
/** Others begin to want the locks at about the same time. */
const startMs = 2_500;
/** Of the delegation's ttl; enough to come back in, however often the client asks. */
const sureMs = 3_500;

/** Each has a lock of its own, so that it is the shard alone that keeps anybody waiting. */
const alone: Habits = {
  ...using,
  locks: Array.from({ length: 16 }, (_, index) => `own-${index}`),
  isLoyal: true,
  thinkMsMax: 600,
};

/** Once somebody keeps a lock by delegation. */
function onceDelegated(scene: Scene, fault: Unplaced): Fault[] {
  return [{ ...fault, atMs: startMs, after: untilLodged(lodgerOf(scene)) }];
}

function lodgerOf({ cast }: Scene): Holder {
  return cast.get(partName({ role: "lodger", region: home }))!;
}

/** Resolves once it has a lock by delegation, or after some seconds. */
async function untilLodged(lodger: Holder): Promise<void> {
  const isLodged = () =>
    lodger.history().some((event) => {
      return event.kind === "return" && isLocalToken(BigInt(event.token ?? "0"));
    });
  for (let tries = 0; tries < 80 && !isLodged(); tries++) await sleep(100);
}

/**
 * A coordinator dies whenever the one who has the lock has just been told for how long. Had it been
 * told long ago, nobody could come back in time.
 */
function deaths(scene: Scene, count: number): Fault[] {
  const { platform, now } = scene;
  const lodger = lodgerOf(scene);
  const death = coordinatorRestarted(platform.site(home));
  const lodged = untilLodged(lodger);
  const placed = inTurn(new Array<Unplaced>(count).fill(death), { fromMs: startMs, restMs: 3_000 });
  return placed.map((fault) => {
    const after = Promise.all([lodged, fault.after]).then(() => untilSure(lodger, now));
    return { ...fault, after };
  });
}

/** Resolves once it may believe in its lock for long, or after some seconds. */
async function untilSure(lodger: Holder, now: () => number): Promise<void> {
  const isSure = () => {
    const last = lodger.history().findLast((event) => event.kind === "believes");
    return last !== undefined && last.untilMs - now() >= sureMs;
  };
  for (let tries = 0; tries < 80 && !isSure(); tries++) await sleep(100);
}

const regionLost: GlobalDrill = {
  name: "global-delegated-region-lost",
  about: "kill -9 of all of a region that locks are delegated to; others have them after a ttl",
  shortSeconds: 18,
  seconds: 18,
  perSecondMin: 1,
  parts: watchedHousehold,
  faults: (scene) => onceDelegated(scene, regionKilled(scene.platform.site(home), 14_500)),
  look: (aftermath) => takenOver(aftermath, home, 1),
};

const coordinatorLost: GlobalDrill = {
  name: "global-delegated-coordinator-dies",
  about: "kill -9 of a coordinator that a held lock is delegated to, and it is back at once",
  shortSeconds: 16,
  seconds: 60,
  perSecondMin: 0.5,
  // Each is over in a second, and few begin or end anything in it: that somebody has the lock all
  // through each of them is what `keptOver` asks for.
  overlapMin: 0,
  parts: household,
  faults: (scene, seconds) => deaths(scene, Math.floor((seconds * 1_000 - startMs) / 4_500)),
  look: keptOver,
};

const shardAway: GlobalDrill = {
  name: "global-delegated-etcd-paused",
  about: "SIGSTOP of the etcd of a region that locks are delegated to; all else lives on",
  shortSeconds: 30,
  seconds: 30,
  perSecondMin: 0.5,
  parts: watchedHousehold,
  faults: (scene) => onceDelegated(scene, etcdFrozen(scene.platform.site(home), 27_000)),
  look: (aftermath) => both(takenOver(aftermath, home, 2), grantedMeanwhile(aftermath, home)),
};

const twoShards: GlobalDrill = {
  name: "global-two-shards",
  about: "two shards a region; SIGSTOP of the etcd of one, and the other one's locks go on",
  shortSeconds: 13,
  seconds: 60,
  perSecondMin: 2,
  shards: 2,
  parts: (platform) => [
    ...bystanders(platform),
    { role: "loyal", region: home, clients: 1, workers: 16, habits: alone },
  ],
  faults: ({ platform }, seconds) => {
    const site = platform.site(home);
    const count = Math.floor((seconds * 1_000 - 4_000) / 9_000);
    const faults = Array.from({ length: count }, (_, index) =>
      etcdFrozen(site, 8_500, 1 - (index % 2)),
    );
    return inTurn(faults, { fromMs: 4_000, restMs: 4_000 });
  },
  look: shardsApart,
};

function both(one: Findings, other: Findings): Findings {
  return {
    problems: [...one.problems, ...other.problems],
    figures: { ...one.figures, ...other.figures },
  };
}

/** Those of locks that are delegated to a region. */
export const delegationDrills: readonly GlobalDrill[] = [
  regionLost,
  coordinatorLost,
  shardAway,
  twoShards,
];
