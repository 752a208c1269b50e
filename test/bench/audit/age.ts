import { setTimeout as sleep } from "node:timers/promises";
import { PostgresLedger } from "@holdfast/adapter-postgres/postgres-ledger";
import { ActorProcess } from "../actor-process.ts";
import type { Figures } from "../figures.ts";
import { latencyOf } from "../percentile.ts";
import { archiveSize, chainHead } from "./archive-size.ts";
import { type AuditStage, ledgerIsWhole, pipelineDatabase } from "./audit-stage.ts";
import { type PacedAnswer, type PacedGrant, type PacedPlan, pacedStem } from "./paced-actor.ts";

const warmupMs = 1_000;
const acquiresPerS = 2_000;
const compileMs = 3_000;
/** Looking for grants takes a processor, so it is not done while most are on their way. */
const lookEveryMs = 2_000;
const storedMsMax = 90_000;

/**
 * How old an event is when it is in the ledger for good. No time that the record itself has is
 * trusted: those come once a second. And what these events will take in the archive: a router drew
 * their ids, and compressed, an id that nobody can guess is most of an event.
 */
export async function measureAge(stage: AuditStage, measureMs: number): Promise<Figures> {
  const { settings, execArgv, report, pipeline, databaseUrl } = stage;
  const ledger = new PostgresLedger(databaseUrl(pipelineDatabase));
  const load = await ActorProcess.start("paced", settings, execArgv);
  const play = async (plan: PacedPlan) => {
    const answer = await load.request<PacedAnswer>(plan);
    return { ...answer, ages: await agesOf(stage, load.pid, answer.grants) };
  };
  try {
    await pipeline.start();
    // Its first run compiles the code, and waits for all that was left to be told.
    await play({ acquiresPerS, warmupMs, measureMs: compileMs });
    const before = await chainHead(ledger);
    const { acquire, ages } = await play({ acquiresPerS, warmupMs, measureMs });
    const { p50Ms, p99Ms } = latencyOf(ages);
    report(`  ${ages.length} grants: age p50 ${p50Ms.toFixed(0)} ms, p99 ${p99Ms.toFixed(0)} ms`);
    await ledgerIsWhole(stage);
    const { bytesEach, events } = await archiveSize(ledger, before);
    return {
      "audit.bytes_s3": bytesEach,
      "audit.bytes_s3.events": events,
      "audit.age_p50_ms": p50Ms,
      "audit.age_p99_ms": p99Ms,
      "audit.age.max_ms": ages.reduce((max, ms) => Math.max(max, ms), 0),
      "audit.age.grants": ages.length,
      "audit.age.acquires_per_s": (ages.length / measureMs) * 1_000,
      "audit.age.acquire_p50_ms": acquire.p50Ms,
      "audit.age.acquire_p99_ms": acquire.p99Ms,
    };
  } finally {
    await pipeline.stop();
    await load.stop();
    await ledger.close();
  }
}

/** Waits until the ledger has all of the grants. */
async function agesOf(
  { ledger }: AuditStage,
  loadPid: number,
  grants: readonly PacedGrant[],
): Promise<number[]> {
  const endMs = performance.now() + storedMsMax;
  for (;;) {
    await sleep(lookEveryMs);
    const committedMs = await ledger.grantsCommittedMs(pacedStem(loadPid));
    const missing = grants.filter(([grantId]) => !committedMs.has(grantId));
    if (missing.length === 0) return agesMs(grants, committedMs);
    if (performance.now() > endMs) {
      throw new Error(`the ledger lacks ${missing.length} of ${grants.length} grants`);
    }
  }
}

/** From asking for each lock until its event was committed; NaN for one that never was. */
export function agesMs(
  grants: readonly PacedGrant[],
  committedMs: ReadonlyMap<string, number>,
): number[] {
  return grants.map(([grantId, askedMs]) => (committedMs.get(grantId) ?? Number.NaN) - askedMs);
}
