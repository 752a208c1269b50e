import { setTimeout as sleep } from "node:timers/promises";
import type { FaultEvent } from "../../history/history-event.ts";
import type { Tenure } from "../../history/tenure.ts";
import { bystanders, probeRole, probes } from "./cast.ts";
import type { Fault } from "./fault.ts";
import { coordinatorFrozen } from "./faults.ts";
import type { Aftermath, Findings, GlobalDrill, Scene } from "./global-drill.ts";
import { readmit } from "./readmission.ts";

const wipedIndex = 2;
const pausedIndex = 1;
/** What was sent before a coordinator froze may be answered a little later. */
const slackMs = 700;

/**
 * A region that comes back with empty disks is silent until it is admitted again. Shown by freezing
 * the coordinator of another region twice: before, with one region left that may vote, nothing can
 * be granted; afterwards the two that are left go on.
 */
export const regionWiped: GlobalDrill = {
  name: "global-region-wiped",
  about: "a region comes back with empty disks: silent until it is admitted again, then it votes",
  shortSeconds: 17,
  seconds: 60,
  perSecondMin: 1.5,
  parts: (platform) => [...bystanders(platform), ...probes(platform)],
  faults: (scene, seconds) => wipes(scene, seconds),
  look: votesOf,
};

/** Long enough for what was sent before to be answered, and for something to be asked since. */
const pauseMs = 3_500;
const restMs = 1_000;

/**
 * One after the other, however long each takes: the disk is lost, a coordinator freezes, the region
 * is admitted again, the coordinator freezes once more; then the same again while there is time.
 */
function wipes(scene: Scene, seconds: number): Fault[] {
  const { platform } = scene;
  const faults: Fault[] = [];
  let after = Promise.resolve();
  for (let atMs = 1_500; atMs + roundMs <= seconds * 1_000; atMs += roundMs) {
    const paused = platform.sites[pausedIndex]!;
    const wiped = step(emptyDisk(scene), after);
    const before = step(coordinatorFrozen(paused, pauseMs), wiped.isBegun);
    const admitted = { ...wiped.fault, end: () => before.isOver.then(() => wiped.fault.end()) };
    const voting = step(coordinatorFrozen(paused, pauseMs), wiped.isOver);
    for (const fault of [admitted, before.fault, voting.fault]) faults.push({ ...fault, atMs });
    after = voting.isOver;
  }
  return faults;
}

/** What a round takes on a machine that has time for it. */
const roundMs = 15_000;

/** A fault, and when others may follow it. */
function step(fault: Omit<Fault, "atMs">, after: Promise<void>) {
  const begun = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  const begin = async (): Promise<void> => {
    await fault.begin();
    void sleep(restMs).then(begun.resolve);
  };
  const end = async (): Promise<void> => {
    await fault.end();
    void sleep(restMs).then(over.resolve);
  };
  const told = { ...fault, after, begin, end };
  return { fault: told, isBegun: begun.promise, isOver: over.promise };
}

/** Begins with the region there again, and ends with its admission. */
function emptyDisk({ platform, problems }: Scene): Omit<Fault, "atMs"> {
  const site = platform.sites[wipedIndex]!;
  return {
    forMs: 0,
    what: "empty disk, not admitted",
    target: `region ${site.region}`,
    begin: async () => {
      await site.kill();
      await site.wipe();
      await site.restore();
    },
    end: async () => {
      const endpoint = platform.endpointsFrom(site.region)[0] ?? "";
      const trouble = await readmit(site.region, endpoint, platform.env);
      if (trouble !== undefined) problems.push(trouble);
    },
  };
}

function votesOf({ events, tenures }: Aftermath): Findings {
  const paused = events.filter(
    (event): event is FaultEvent => event.kind === "fault" && event.what === "SIGSTOP",
  );
  const inOrder = paused.toSorted((a, b) => a.atMs - b.atMs);
  const grants = inOrder.map((fault) => grantsWithin(tenures, fault));
  const silent = grants.filter((_, index) => index % 2 === 0).reduce((sum, each) => sum + each, 0);
  const voting = grants.filter((_, index) => index % 2 === 1).reduce((sum, each) => sum + each, 0);
  const problems: string[] = [];
  if (silent > 0) {
    problems.push(`${silent} grants while one region could vote, and one that lost its data`);
  }
  if (voting === 0) problems.push("nothing was granted with the vote of the region admitted again");
  return { problems, figures: { grants_while_silent: silent, grants_once_admitted: voting } };
}

/**
 * Grants asked for and answered while something was frozen, of locks that nobody has used before: a
 * lock that was delegated to a region goes from hand to hand there for a while by itself.
 */
function grantsWithin(tenures: readonly Tenure[], { atMs, untilMs }: FaultEvent): number {
  const inside = tenures.filter(
    ({ client, invokeMs, returnMs }) =>
      client.startsWith(probeRole) && invokeMs > atMs + slackMs && returnMs < untilMs,
  );
  return inside.filter(({ result }) => result === "granted").length;
}
