import { setTimeout as sleep } from "node:timers/promises";
import { ActorProcess } from "../actor-process.ts";
import type { LoadAnswer } from "../actors/loader.ts";
import type { Figures } from "../figures.ts";
import type { ServerPids } from "../measured-load.ts";
import { cpuMsBetween, cpuMsByPid } from "../process-usage.ts";
import { type AuditStage, ledgerIsWhole, rowsReach } from "./audit-stage.ts";
import type { EventBytes } from "./ledger-view.ts";

/** Batches of a hundred in flight: what writes the most on two cores. */
const writers = 4;
/** An acquire and a release. */
const eventsOfPair = 2;
const pollMs = 20;
const firstRecordMsMax = 30_000;

/** One backlog, from its first event in the broker to its last one in the ledger. */
export interface Drained {
  readonly events: number;
  readonly elapsedMs: number;
  /** CPU time of an event, in microseconds, by stage. */
  readonly cpuUs: Readonly<Record<string, number>>;
}

/**
 * What the pipeline takes: a backlog of lock transitions is written while no journal runs; then one
 * is started, and the drain is timed. Writing at the same time would measure the writer: on two
 * cores it takes as much as the pipeline.
 */
export async function measureDrain(
  stage: AuditStage,
  rounds: number,
  roundMs: number,
): Promise<Figures> {
  const { pipeline, settings, execArgv, report } = stage;
  const role = { ...settings, contender: "ceiling" } as const;
  const writer = await ActorProcess.start("load", role, execArgv);
  try {
    await pipeline.start();
    const before = await stored(stage);
    const runs: Drained[] = [];
    for (let round = 0; round < rounds; round++) {
      const run = await drainOnce(stage, writer, roundMs);
      runs.push(run);
      const perS = Math.round(eventsPerS(run));
      report(`  ${run.events} events at ${perS}/s, ${cpuText(run)} us of CPU each`);
    }
    await ledgerIsWhole(stage);
    const after = await stored(stage);
    return { ...drainFigures(runs), ...sizeFigures(before, after) };
  } finally {
    await pipeline.stop();
    await writer.stop();
  }
}

/** What the broker and the ledger hold. */
export interface Stored {
  readonly records: number;
  readonly recordBytes: number;
  readonly rows: number;
  readonly eventBytes: EventBytes;
}

async function stored({ broker, ledger }: AuditStage): Promise<Stored> {
  return {
    records: await broker.recordCount(),
    recordBytes: broker.recordBytes(),
    rows: await ledger.rowCount(),
    eventBytes: await ledger.eventBytes(),
  };
}

/** What an event takes, of those that came in between: empty tables and indexes have a size too. */
export function sizeFigures(before: Stored, after: Stored): Figures {
  const added = after.rows - before.rows;
  const each = (part: keyof EventBytes): number =>
    (after.eventBytes[part] - before.eventBytes[part]) / added;
  return {
    "audit.bytes_kafka":
      (after.recordBytes - before.recordBytes) / (after.records - before.records),
    "audit.bytes_postgres": each("rows") + each("indexes"),
    "audit.bytes_postgres.indexes": each("indexes"),
    "audit.bytes_postgres.line": each("lines"),
  };
}

/** The best round; what disturbs a round can only make it slower. */
export function drainFigures(runs: readonly Drained[]): Figures {
  const best = runs.toSorted((left, right) => eventsPerS(right) - eventsPerS(left)).at(0);
  if (best === undefined) throw new Error("no round was measured");
  return {
    "audit.events_per_s": eventsPerS(best),
    "audit.events_per_s.rounds": runs.map((run) => Math.round(eventsPerS(run))).join(" "),
    "audit.events_per_s.backlog": best.events,
    ...Object.fromEntries(
      Object.entries(best.cpuUs).map(([name, us]) => [`audit.cpu_us_per_event.${name}`, us]),
    ),
    "audit.cpu_us_per_event": Object.values(best.cpuUs).reduce((sum, us) => sum + us, 0),
  };
}

function eventsPerS({ events, elapsedMs }: Drained): number {
  return (events / elapsedMs) * 1_000;
}

function cpuText({ cpuUs }: Drained): string {
  return Object.entries(cpuUs)
    .map(([name, us]) => `${name} ${us.toFixed(0)}`)
    .join(", ");
}

async function drainOnce(
  stage: AuditStage,
  writer: ActorProcess,
  roundMs: number,
): Promise<Drained> {
  const { pipeline, ledger, broker, etcd, postgres } = stage;
  await pipeline.stop("journal");
  const rowsBefore = await ledger.rowCount();
  const recordsBefore = await broker.recordCount();
  const plan = { workers: writers, warmupMs: 0, measureMs: roundMs };
  const { pairsInAll } = await writer.request<LoadAnswer>(plan);
  const rowsAfter = rowsBefore + pairsInAll * eventsOfPair;
  const ready = pipeline.start("journal");
  await firstRecord(stage, recordsBefore);
  const startMs = performance.now();
  const pids: ServerPids = {
    ...pipeline.pids,
    broker: broker.pids(),
    postgres: postgres.pids(),
    etcd: etcd.pids(),
  };
  const cpuBefore = cpuMsByPid(Object.values(pids).flat());
  const rows = await rowsReach(stage, rowsAfter);
  const elapsedMs = performance.now() - startMs;
  const events = rows - rowsBefore;
  const cpuUs = Object.entries(pids).map(([name, of]): [string, number] => {
    return [name, (cpuMsBetween(cpuBefore, cpuMsByPid(of)) * 1_000) / events];
  });
  await ready;
  return { events, elapsedMs, cpuUs: Object.fromEntries(cpuUs) };
}

/** A journal that starts has its code to load, and to come to lead: neither is sustained. */
async function firstRecord({ broker }: AuditStage, recordsBefore: number): Promise<void> {
  const endMs = performance.now() + firstRecordMsMax;
  while ((await broker.recordCount()) === recordsBefore) {
    if (performance.now() > endMs) throw new Error("the journal tells the broker nothing");
    await sleep(pollMs);
  }
}
