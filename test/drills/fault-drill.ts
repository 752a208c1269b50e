import { cpSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SeededRandom } from "@holdfast/base/random";
import { Holdfast } from "@holdfast/client/holdfast";
import { checkHistory, type Verdict } from "../history/check-history.ts";
import { type Coverage, coverageOf, shortfalls } from "../history/coverage.ts";
import type { HistoryEvent } from "../history/history-event.ts";
import { type ReportFiles, writeReport } from "../history/write-report.ts";
import { drillClock } from "./drill-clock.ts";
import { earlyEnds } from "./early-ends.ts";
import type { PlannedFault } from "./fault-schedule.ts";
import { Holder } from "./holder.ts";
import { Injector } from "./injector.ts";
import { LeaseWitness } from "./lease-witness.ts";
import { type DrilledRegion, startRegion } from "./region.ts";
import { type Habits, Worker } from "./worker.ts";

/** A drill of faults while clients work. */
export interface FaultDrill {
  readonly name: string;
  readonly faults: readonly PlannedFault[];
  readonly seconds: number;
  readonly seed: number;
  /** What everybody does, where the usual mix will not do. */
  readonly habits?: Partial<Habits>;
  /** A sabotaged build of the routers, to show that the checkers would find it out. */
  readonly mutant?: string;
}

/** What came of it. */
export interface FaultDrillResult {
  readonly coverage: Coverage;
  readonly verdict: Verdict;
  readonly shortfalls: readonly string[];
  /** Tenures whose lease etcd itself ended early: see {@link earlyEnds}. */
  readonly earlyEnded: number;
  readonly files: ReportFiles;
  /** The ends of the services' logs. */
  readonly logs: string;
}

/** Below this a run proves nothing: the clients did not get to work, or met no fault. */
const floor = { perSecondMin: 5, overlap: 0.3 };

const clientsCount = 6;
const workersEach = 4;

/** Eight locks, some hotter than others. */
const locks = ["hot", "hot", "hot", "warm", "warm", "a", "b", "c", "d", "e"];

/** Of the clients that are never harmed themselves. */
const busy: Habits = {
  locks,
  ttlMs: 6_000,
  waitMs: 4_000,
  tryShare: 0.3,
  sharedShare: 0.25,
  longShare: 0.02,
  holdMsMax: 25,
  longHoldMsMax: 1_500,
  thinkMsMax: 120,
};

/** Of the process that is killed and frozen: it nearly always holds something. */
const clinging: Habits = {
  ...busy,
  locks: ["warm", "a", "b", "c"],
  ttlMs: 3_000,
  tryShare: 0.1,
  longShare: 0.8,
  longHoldMsMax: 800,
  thinkMsMax: 50,
};

/** Runs a drill and judges it; the report is left in the system's folder for temporary files. */
export async function runFaultDrill(drill: FaultDrill): Promise<FaultDrillResult> {
  await using region = await startRegion(
    drill.mutant === undefined ? {} : { mutant: drill.mutant },
  );
  try {
    const { events, untilMs } = await work(region, drill);
    const excused = earlyEnds(events);
    const verdict = checkHistory([...events, ...excused]);
    const coverage = coverageOf(events, verdict.tenures, 0, untilMs);
    const short = shortfalls(coverage, floor);
    const { name, seed } = drill;
    const folder = join(tmpdir(), "holdfast-drills", name);
    rmSync(folder, { recursive: true, force: true });
    const report = { drill: name, seed, coverage, verdict, shortfalls: short };
    const files = writeReport(folder, report, events);
    if (verdict.violations.length > 0) keepLogs(region, folder);
    const earlyEnded = excused.length;
    return { coverage, verdict, shortfalls: short, earlyEnded, files, logs: region.logs() };
  } catch (error) {
    throw new Error(`${drill.name} could not be carried out\n${region.logs()}`, { cause: error });
  }
}

async function work(
  region: DrilledRegion,
  { faults, seconds, seed, habits }: FaultDrill,
): Promise<{ readonly events: HistoryEvent[]; readonly untilMs: number }> {
  const originNs = process.hrtime.bigint();
  const now = drillClock(originNs);
  const own: HistoryEvent[] = [];
  const record = (event: HistoryEvent): void => void own.push(event);
  const { endpoints, folder, env } = region;
  const shared = { endpoints, seed: seed * 1_000_003, originNs: String(originNs) };
  const holder = new Holder({
    ...shared,
    ...{ workers: 3, habits: { ...clinging, ...habits }, folder, env, now, record },
  });
  await holder.start();
  const witness = new LeaseWitness(region.etcd.endpoints, now, record);
  const stopping = new AbortController();
  const clients = await Promise.all(
    Array.from({ length: clientsCount }, (_, index) =>
      Holdfast.connect({ endpoints: turned(endpoints, index), owner: `client${index}` }),
    ),
  );
  const workers = clients.flatMap((client, index) =>
    Array.from({ length: workersEach }, (_, number) => {
      const random = new SeededRandom(seed * 7_919 + index * 100 + number);
      const name = `client${index}.${number}`;
      const tools = { client, name, random, now, record, signal: stopping.signal };
      return new Worker(tools, { ...busy, ...habits }).run();
    }),
  );
  try {
    await Promise.all([
      new Injector({ region, holder, now, record }).run(faults),
      sleep(Math.max(0, seconds * 1_000 - now())),
    ]);
  } finally {
    stopping.abort();
    await Promise.all([...workers, holder.stop()]);
    witness.close();
  }
  const untilMs = now();
  await Promise.all(clients.map((client) => client.close()));
  const events = [...own, ...holder.history()].toSorted((a, b) => a.atMs - b.atMs);
  return { events, untilMs };
}

/** What the processes said is needed to find out why. */
function keepLogs(region: DrilledRegion, folder: string): void {
  cpSync(join(region.folder, "etcd", "logs"), join(folder, "logs"), { recursive: true });
  for (const { logPath } of region.routers)
    cpSync(logPath, join(folder, "logs", basename(logPath)));
}

/** Else every client would choose the same router where both are equally near. */
function turned<T>(items: readonly T[], by: number): T[] {
  return items.map((_, index) => items[(index + by) % items.length]!);
}
