import type { FaultEvent, HistoryEvent } from "../../history/history-event.ts";
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
  shortSeconds: 22,
  seconds: 44,
  perSecondMin: 1.5,
  parts: (platform) => [...bystanders(platform), ...probes(platform)],
  faults: (scene, seconds) => wipes(scene, seconds / 22),
  look: votesOf,
};

/** The same times over a longer run. */
function wipes(scene: Scene, stretch: number): Fault[] {
  const { platform } = scene;
  const paused = platform.sites[pausedIndex]!;
  const ms = (short: number): number => short * stretch;
  return [
    { ...emptyDisk(scene, ms(11_500)), atMs: ms(1_500) },
    { ...coordinatorFrozen(paused, ms(3_500)), atMs: ms(8_500) },
    { ...coordinatorFrozen(paused, ms(4_000)), atMs: ms(17_000) },
  ];
}

/** Ends with the region's admission. */
function emptyDisk({ platform, problems }: Scene, forMs: number): Omit<Fault, "atMs"> {
  const site = platform.sites[wipedIndex]!;
  return {
    forMs,
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
  const [before, after] = paused.toSorted((a, b) => a.atMs - b.atMs);
  const silent = grantsWithin(tenures, before);
  const voting = grantsWithin(tenures, after);
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
function grantsWithin(tenures: readonly Tenure[], fault: HistoryEvent | undefined): number {
  if (fault?.kind !== "fault") return 0;
  const { atMs, untilMs } = fault;
  const inside = tenures.filter(
    ({ client, invokeMs, returnMs }) =>
      client.startsWith(probeRole) && invokeMs > atMs + slackMs && returnMs < untilMs,
  );
  return inside.filter(({ result }) => result === "granted").length;
}
