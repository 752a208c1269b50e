import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { checkHistory, type Verdict } from "../../history/check-history.ts";
import { type Coverage, coverageOf, shortfalls } from "../../history/coverage.ts";
import type { HistoryEvent } from "../../history/history-event.ts";
import { tenuresOf } from "../../history/tenure.ts";
import { timeLinePage } from "../../history/time-line-page.ts";
import { type ReportFiles, writeReport } from "../../history/write-report.ts";
import type { WanPlatform } from "../../wan/wan-platform.ts";
import type { ProcessBuild } from "../../wan/wan-site.ts";
import { drillClock } from "../drill-clock.ts";
import { GuardedResource } from "../guarded-resource.ts";
import { type Cast, raiseCast } from "./cast.ts";
import { delegatedGrants } from "./delegated-grants.ts";
import { carryOut } from "./fault.ts";
import type { Aftermath, Findings, GlobalDrill } from "./global-drill.ts";

/** Which form of it, and what the clients draw their choices from. */
export interface RunSettings {
  readonly seconds: number;
  readonly seed: number;
  readonly isShort: boolean;
  /** Of the processes of clients. */
  readonly clients: ProcessBuild;
}

/** What came of it. */
export interface GlobalDrillResult extends Findings {
  readonly coverage: Coverage;
  readonly verdict: Verdict;
  readonly shortfalls: readonly string[];
  /** Writes the guarded resource took, and those it refused as stale. */
  readonly writes: { readonly taken: number; readonly stale: number };
  readonly files: ReportFiles;
  /** How long all of it took, in s. */
  readonly tookS: number;
}

/** Runs a drill on a platform that is whole, leaves it whole, and judges what the clients saw. */
export async function runGlobalDrill(
  platform: WanPlatform,
  drill: GlobalDrill,
  settings: RunSettings,
): Promise<GlobalDrillResult> {
  const beganMs = performance.now();
  const problems: string[] = [];
  const aftermath = await perform(platform, drill, settings, problems);
  const { events, startMs, untilMs } = aftermath;
  const verdict = checkHistory(events);
  const tenures = tenuresOf(events);
  const coverage = coverageOf(events, tenures, startMs, untilMs);
  const delegated = delegatedGrants(tenures).length;
  const found = drill.look?.({ ...aftermath, tenures });
  const short = shortfallsOf(drill, coverage, delegated);
  const writes = events.filter((event) => event.kind === "write");
  const stale = writes.filter(({ accepted }) => !accepted).length;
  const folder = join(tmpdir(), "holdfast-drills", drill.name);
  rmSync(folder, { recursive: true, force: true });
  problems.push(...(found?.problems ?? []));
  const figures = { delegated_grants: delegated, ...found?.figures };
  const { seed } = settings;
  const files = writeReport(
    folder,
    { drill: drill.name, seed, coverage, verdict, shortfalls: short, problems, figures },
    events,
    timeLinePage,
  );
  keepLogs(platform, folder);
  return {
    ...{ coverage, verdict, shortfalls: short, problems, figures, files },
    writes: { taken: writes.length - stale, stale },
    tookS: (performance.now() - beganMs) / 1_000,
  };
}

function shortfallsOf(drill: GlobalDrill, coverage: Coverage, delegated: number): string[] {
  const { perSecondMin, overlapMin: overlap = 0.3, grantsPerSecondMin = 1 } = drill;
  const short = shortfalls(coverage, { perSecondMin, overlap, grantsPerSecondMin });
  const { delegatedMin = 1 } = drill;
  if (delegated >= delegatedMin) return short;
  return [...short, `${delegated} locks given out by delegation; ${delegatedMin} is the floor`];
}

async function perform(
  platform: WanPlatform,
  drill: GlobalDrill,
  { seconds, seed, isShort, clients }: RunSettings,
  problems: string[],
): Promise<Omit<Aftermath, "tenures">> {
  const originNs = process.hrtime.bigint();
  const now = drillClock(originNs);
  const own: HistoryEvent[] = [];
  const record = (event: HistoryEvent): void => void own.push(event);
  const folder = mkdtempSync(join(platform.folder, `${drill.name}-`));
  await using resource = await GuardedResource.start(now, record);
  const build = { ...clients, preloads: [...clients.preloads, ...(drill.clientPreloads ?? [])] };
  const cast = await raiseCast(
    {
      ...{ platform, folder, originNs, seed, build, now, record },
      prefix: basename(folder),
      resourcePort: resource.port,
    },
    drill.parts(platform, isShort),
  );
  const startMs = now();
  let untilMs = startMs;
  try {
    const faults = drill.faults({ platform, cast, now, problems }, seconds);
    const mended = carryOut(faults, startMs, now, record);
    await Promise.all([mended.then(() => sleep(aftermathMs)), sleep(seconds * 1_000)]);
    untilMs = now();
  } finally {
    await stopCast(cast, problems);
    await platform.heal();
  }
  const seen = [...cast.values()].flatMap((holder) => holder.history());
  return { events: [...own, ...seen].toSorted((a, b) => a.atMs - b.atMs), startMs, untilMs };
}

/** What was begun is ended; whoever cannot end in time is ended. */
async function stopCast(cast: Cast, problems: string[]): Promise<void> {
  await Promise.all(
    [...cast.values()].map(async (holder) => {
      if (await holder.stop(castEndMsMax)) return;
      problems.push(`${holder.name} did not end within ${castEndMsMax} ms of being told to`);
    }),
  );
}

/** What is whole again must be seen at work, however long it took. */
const aftermathMs = 2_500;

/** More than the longest wait, and than the SDK's own bound for an answer. */
const castEndMsMax = 25_000;

/** What the processes said is needed to find out why. */
function keepLogs(platform: WanPlatform, folder: string): void {
  mkdirSync(join(folder, "logs"), { recursive: true });
  for (const { processes } of platform.sites) {
    for (const { logPath } of processes) {
      if (existsSync(logPath)) cpSync(logPath, join(folder, "logs", basename(logPath)));
    }
  }
}
