import { setTimeout as sleep } from "node:timers/promises";
import { ActorProcess } from "../actor-process.ts";
import type { Figures } from "../figures.ts";
import { latencyOf } from "../percentile.ts";
import { type AuditStage, rowsReach } from "./audit-stage.ts";
import { acquiresPerS } from "./impact.ts";
import { type PacedAnswer, type PacedGrant, pacedStem } from "./paced-actor.ts";

/** An acquire and a release. */
const eventsOfPair = 2;
const warmupMs = 1_000;
/** What else a shard tells may have been counted for one of the events that are waited for. */
const lateMs = 1_000;

/**
 * How old an event is when it is in the ledger for good. No time that the record itself has is
 * trusted: those come once a second.
 */
export async function measureAge(stage: AuditStage, measureMs: number): Promise<Figures> {
  const { settings, execArgv, report, ledger, pipeline } = stage;
  const load = await ActorProcess.start("paced", settings, execArgv);
  try {
    await pipeline.start();
    const rowsBefore = await ledger.rowCount();
    const plan = { acquiresPerS, warmupMs, measureMs };
    const { grants, acquire, pairsInAll } = await load.request<PacedAnswer>(plan);
    await rowsReach(stage, rowsBefore + pairsInAll * eventsOfPair);
    await sleep(lateMs);
    const ages = agesMs(grants, await ledger.grantsCommittedMs(pacedStem(load.pid)));
    const { p50Ms, p99Ms } = latencyOf(ages);
    report(`  ${ages.length} grants: age p50 ${p50Ms.toFixed(0)} ms, p99 ${p99Ms.toFixed(0)} ms`);
    return {
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
  }
}

/** From asking for each lock until its event was committed. One that never was is a failure. */
export function agesMs(
  grants: readonly PacedGrant[],
  committedMs: ReadonlyMap<string, number>,
): number[] {
  return grants.map(([grantId, askedMs]) => {
    const atMs = committedMs.get(grantId);
    if (atMs === undefined) throw new Error(`the grant ${grantId} is not in the ledger`);
    return atMs - askedMs;
  });
}
