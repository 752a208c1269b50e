import { setTimeout as sleep } from "node:timers/promises";
import { ActorProcess } from "../actor-process.ts";
import type { Figures } from "../figures.ts";
import { type Latency, median } from "../percentile.ts";
import { type AuditStage, ledgerIsWhole, rowsReach } from "./audit-stage.ts";
import type { PacedAnswer } from "./paced-actor.ts";

/**
 * Acquires a second. The first is the load that the bars are of; with the second processors are
 * left over, which tells a wait for them from one for the pipeline.
 */
const loads = { usual: 2_000, light: 1_000 } as const;
/** An acquire and a release. */
const eventsOfPair = 2;
/** The tail of one round is a few pauses: a median of fewer rounds says little of it. */
const roundsMin = 9;
/** Rounds of other figures that are as long as one of these. */
const roundLengths = 2;
/** What compiling, starting or killing a process left undone is not what the pipeline costs. */
const settleMs = 2_000;
const warmupMs = 5_000;

/** How the pipeline stands while acquires are timed, but for `off`. */
export type Phase = "on" | "kafka_down";

/** What is compared with `off`, one after the other. */
const series = [
  { phase: "on", acquiresPerS: loads.usual, key: "audit.p99_ratio_on" },
  { phase: "on", acquiresPerS: loads.light, key: `audit.p99_ratio_on.at_${loads.light}` },
  { phase: "kafka_down", acquiresPerS: loads.usual, key: "audit.p99_ratio_kafka_down" },
] as const;

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
    const play = async (phase: Phase | "off", acquiresPerS: number): Promise<Latency> => {
      await enter(phase, stage, rows);
      await sleep(settleMs);
      const plan = { acquiresPerS, warmupMs, measureMs: roundMs * roundLengths };
      const { acquire, pairsInAll } = await load.request<PacedAnswer>(plan);
      rows += pairsInAll * eventsOfPair;
      report(`  ${phase}, ${acquiresPerS} acquires/s: ${described(acquire)}`);
      return acquire;
    };
    // The broker and the load have compiled their code after that.
    await play("on", loads.usual);
    const figures: Figures = {};
    // One after the other: a broker that was just started would be a part of the next round.
    for (const { phase, acquiresPerS, key } of series) {
      const played: Round[] = [];
      for (let round = 0; round < Math.max(roundsMin, rounds); round++) {
        // Every other one goes back, so that it begins where it is.
        const isBack = round % 2 === 1;
        const first = await play(isBack ? phase : "off", acquiresPerS);
        const second = await play(isBack ? "off" : phase, acquiresPerS);
        played.push(isBack ? { off: second, with: first } : { off: first, with: second });
      }
      Object.assign(figures, impactFigures(key, played));
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

/** `rows`: how many events the ledger has once it has them all. */
async function enter(phase: Phase | "off", stage: AuditStage, rows: number): Promise<void> {
  const { broker, pipeline } = stage;
  if (phase === "off") {
    await pipeline.stop();
    return;
  }
  const isDown = phase === "kafka_down" && broker.pids().length === 0;
  if (!isDown) {
    await broker.bringBack();
    await pipeline.start();
    // A backlog is worked off with all the processors there are.
    await rowsReach(stage, rows);
  }
  if (phase === "kafka_down") await broker.kill();
}
