import { ActorProcess } from "../actor-process.ts";
import type { LoneAnswer } from "../actors/lone.ts";
import type { Figures } from "../figures.ts";
import type { Stage } from "./stage.ts";

/** What one acquire costs that has the system to itself, above the transaction it needs anyway. */
export async function measureLone(stage: Stage, measureMs: number): Promise<Figures> {
  const actor = await ActorProcess.start("lone", stage.settings, stage.execArgv);
  try {
    const { acquire, release, rawAcquire, count } = await actor.request<LoneAnswer>({ measureMs });
    stage.report(
      `  lone acquire ${acquire.p50Ms.toFixed(2)} ms, raw ${rawAcquire.p50Ms.toFixed(2)}`,
    );
    return {
      "local.lone_overhead_ms": acquire.p50Ms - rawAcquire.p50Ms,
      "local.lone.acquire_p50_ms": acquire.p50Ms,
      "local.lone.acquire_p99_ms": acquire.p99Ms,
      "local.lone.release_p50_ms": release.p50Ms,
      "local.lone.raw_txn_p50_ms": rawAcquire.p50Ms,
      "local.lone.raw_txn_p99_ms": rawAcquire.p99Ms,
      "local.lone.acquires": count,
    };
  } finally {
    await actor.stop();
  }
}
