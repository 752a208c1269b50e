import { setTimeout as sleep } from "node:timers/promises";
import { ActorProcess } from "../actor-process.ts";
import type { Figures } from "../figures.ts";
import { latencyOf } from "../percentile.ts";
import { type AuditStage, rowsReach } from "./audit-stage.ts";
import { loads } from "./impact.ts";
import { type PacedAnswer, type PacedGrant, type PacedPlan, pacedStem } from "./paced-actor.ts";

/** An acquire and a release. */
const eventsOfPair = 2;
const acquiresPerS = loads.usual;
const warmupMs = 1_000;
const compileMs = 3_000;
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
    let rows = await ledger.rowCount();
    const play = async (plan: PacedPlan): Promise<PacedAnswer> => {
      const answer = await load.request<PacedAnswer>(plan);
      rows += answer.pairsInAll * eventsOfPair;
      await rowsReach(stage, rows);
      return answer;
    };
    // Its first run compiles the code.
    await play({ acquiresPerS: loads.light, warmupMs, measureMs: compileMs });
    const { grants, acquire } = await play({ acquiresPerS, warmupMs, measureMs });
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
