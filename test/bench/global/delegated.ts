import { ActorProcess } from "../actor-process.ts";
import type { Figures } from "../figures.ts";
import {
  type DelegatedAnswer,
  type DelegatedStep,
  delegatedSteps,
  lineLength,
  pairsPerTurn,
} from "./delegated-actor.ts";
import type { LatencyPlan } from "./latency-actor.ts";
import { meanOf } from "./round-trips.ts";
import type { WanStage } from "./wan-stage.ts";

/** A median needs some turns, and each waits for a place in line to be told twice. */
const measureMsMin = 20_000;
/** The pairs, one that is handed over, and those that get it. */
const grantsPerTurn = pairsPerTurn + 1 + lineLength;
/** More than so many that the register decided: what was timed is not what is asked for. */
const undelegatedShareMax = 0.1;

/** Locks that are delegated to their region, against its local ones and the stretched cluster. */
export async function measureDelegated(stage: WanStage, measureMs: number): Promise<Figures> {
  const { regions } = stage.platform.wan;
  await stage.stretched.lead(stage.bestLeader);
  const actors = await Promise.all(
    regions.map((region) =>
      ActorProcess.start("delegated", stage.settingsOf(region), stage.execArgv),
    ),
  );
  try {
    const plan: LatencyPlan = { measureMs: Math.max(measureMsMin, measureMs) };
    const answers = await Promise.all(actors.map((actor) => actor.request<DelegatedAnswer>(plan)));
    const leader = await stage.stretched.leaderRegion();
    if (leader !== stage.bestLeader) throw new Error(`meanwhile ${leader} came to lead`);
    const seen = new Map(regions.map((region, i) => [region, answers[i] as DelegatedAnswer]));
    for (const [region, { turns, steps }] of seen) {
      const times = delegatedSteps.map((step) => `${step} ${steps[step].p50Ms?.toFixed(1)}`);
      stage.report(`  ${region}, ${turns} turns, p50 in ms: ${times.join(", ")}`);
    }
    return delegatedFigures(seen);
  } finally {
    await Promise.all(actors.map((actor) => actor.stop()));
  }
}

/**
 * The figures with a bar, and what they are made of. Throws where too many of the acquires were not
 * the region's own to decide.
 */
export function delegatedFigures(seen: ReadonlyMap<string, DelegatedAnswer>): Figures {
  const all = [...seen.values()];
  const p50s = (step: DelegatedStep): number[] => all.map(({ steps }) => steps[step].p50Ms);
  const worst = (of: (answer: DelegatedAnswer) => number): number => Math.max(...all.map(of));
  const undelegated = all.reduce((sum, answer) => sum + answer.undelegated, 0);
  const made = all.reduce((sum, { turns }) => sum + turns * grantsPerTurn, 0);
  if (undelegated > made * undelegatedShareMax) {
    throw new Error(`${undelegated} of ${made} grants were not the region's own`);
  }
  const vsLocal = (answer: DelegatedAnswer, step: "acquire" | "handOver"): number =>
    answer.steps[step].p50Ms / answer.steps.local.p50Ms;
  const reAcquire = worst((answer) => vsLocal(answer, "acquire"));
  const handOver = worst((answer) => vsLocal(answer, "handOver"));
  const figures: Figures = {
    "global.delegated_vs_local": Math.max(reAcquire, handOver),
    "global.delegated_vs_local.re_acquire": reAcquire,
    "global.delegated_vs_local.hand_over": handOver,
    "global.delegated_vs_local.hand_over_vs_hand_over": worst(
      ({ steps }) => steps.handOver.p50Ms / steps.localHandOver.p50Ms,
    ),
    "global.delegated_vs_local.after_a_pause": worst(
      ({ steps }) => steps.acquireAfterPause.p50Ms / steps.localAfterPause.p50Ms,
    ),
    "global.delegated_vs_stretched": meanOf(p50s("acquire")) / meanOf(p50s("stretched")),
    "global.delegated.undelegated_share": undelegated / made,
  };
  for (const [region, { turns, steps }] of seen) {
    figures[`global.delegated.${region}.turns`] = turns;
    for (const step of delegatedSteps) {
      const key = step.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      figures[`global.delegated.${region}.${key}_p50_ms`] = steps[step].p50Ms;
      figures[`global.delegated.${region}.${key}_p99_ms`] = steps[step].p99Ms;
    }
  }
  return figures;
}
