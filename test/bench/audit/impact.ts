import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { ActorProcess } from "../actor-process.ts";
import type { Figures } from "../figures.ts";
import { type Latency, median } from "../percentile.ts";
import { type AuditStage, ledgerIsWhole } from "./audit-stage.ts";
import type { PacedAnswer } from "./paced-actor.ts";
import { enter, type Phase } from "./phase.ts";

const acquiresPerS = 2_000;
/** An acquire and a release. */
const eventsOfPair = 2;
/** The tail of one round is a few pauses: a median of fewer rounds says little of it. */
const roundsMin = 9;
/**
 * Rounds of other figures that are as long as one of these. With half of that, nine pairs of two
 * states that were the same came to 1.30.
 */
const roundLengths = 4;
/** What compiling, starting or killing a process left undone is not what the pipeline costs. */
const settleMs = 2_000;
const warmupMs = 5_000;

const phases: readonly Phase[] = ["on", "kafka_down"];

/** The acquires of one round, with the pipeline so and without it. */
export interface Round {
  readonly off: Latency;
  readonly with: Latency;
}

/** What the pipeline takes from those who lock: acquires with it, with Kafka killed, without it. */
export async function measureImpact(
  stage: AuditStage,
  rounds: number,
  roundMs: number,
): Promise<Figures> {
  const { settings, execArgv, report, ledger, pipeline, broker } = stage;
  const load = await ActorProcess.start("paced", settings, execArgv);
  try {
    let rows = await ledger.rowCount();
    const play = async (phase: Phase | "off"): Promise<Latency> => {
      await enter(phase, stage, rows);
      // Else what was written to get there is written to the disk while acquires are timed.
      await promisify(execFile)("sync");
      await sleep(settleMs);
      const plan = { acquiresPerS, warmupMs, measureMs: roundMs * roundLengths };
      const { acquire, pairsInAll } = await load.request<PacedAnswer>(plan);
      rows += pairsInAll * eventsOfPair;
      report(`  ${phase}: ${described(acquire)}`);
      return acquire;
    };
    // The broker and the load have compiled their code after that.
    await play("on");
    const figures: Figures = {};
    // One after the other: a broker that was just started would be a part of the next round.
    for (const phase of phases) {
      const played: Round[] = [];
      for (let round = 0; round < Math.max(roundsMin, rounds); round++) {
        // Every other one goes back, so that a slow minute falls on both.
        const isBack = round % 2 === 1;
        const first = await play(isBack ? phase : "off");
        const second = await play(isBack ? "off" : phase);
        played.push(isBack ? { off: second, with: first } : { off: first, with: second });
      }
      Object.assign(figures, impactFigures(`audit.p99_ratio_${phase}`, played));
    }
    await enter("on", stage, rows);
    await ledgerIsWhole(stage);
    return figures;
  } finally {
    await broker.bringBack();
    await pipeline.stop();
    await load.stop();
  }
}

function described({ p50Ms, p99Ms }: Latency): string {
  return `p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`;
}

/** The ratio of the tails: round against round, the median of the rounds. */
export function impactFigures(key: string, rounds: readonly Round[]): Figures {
  const ratios = rounds.map((round) => round.with.p99Ms / round.off.p99Ms);
  const figures: Figures = { [key]: median(ratios), [`${key}.rounds`]: listed(ratios) };
  for (const state of ["off", "with"] as const) {
    const tails = rounds.map((round) => round[state].p99Ms);
    figures[`${key}.${state}_p50_ms`] = median(rounds.map((round) => round[state].p50Ms));
    figures[`${key}.${state}_p99_ms`] = median(tails);
    figures[`${key}.${state}_rounds_p99_ms`] = listed(tails);
  }
  return figures;
}

function listed(values: readonly number[]): string {
  return values.map((value) => value.toFixed(2)).join(" ");
}
