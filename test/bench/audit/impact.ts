import { setTimeout as sleep } from "node:timers/promises";
import { ActorProcess } from "../actor-process.ts";
import type { Figures } from "../figures.ts";
import { type Latency, median } from "../percentile.ts";
import { type AuditStage, rowsReach } from "./audit-stage.ts";
import type { PacedAnswer } from "./paced-actor.ts";

/** What the tail of an acquire is measured under: less than the servers take, much for a shard. */
export const acquiresPerS = 2_000;
/** An acquire and a release. */
const eventsOfPair = 2;
const warmupMs = 1_000;
/** What starting or killing a process left undone is not what the pipeline costs. */
const settleMs = 500;

/** How the pipeline stands while acquires are timed. */
export type Phase = "off" | "on" | "kafka_down";

/** A round goes from one to the next; every other round goes back, so that it begins where it is. */
const phases: readonly Phase[] = ["off", "on", "kafka_down"];

/** The acquires of one round, by phase. */
export type Round = Readonly<Record<Phase, Latency>>;

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
    const play = async (measureMs: number): Promise<Latency> => {
      const plan = { acquiresPerS, warmupMs, measureMs };
      const { acquire, pairsInAll } = await load.request<PacedAnswer>(plan);
      rows += pairsInAll * eventsOfPair;
      return acquire;
    };
    // Its first run compiles the code.
    await play(warmupMs);
    const played: Round[] = [];
    for (let round = 0; round < rounds; round++) {
      const measured = new Map<Phase, Latency>();
      for (const phase of round % 2 === 0 ? phases : phases.toReversed()) {
        await enter(phase, stage, rows);
        await sleep(settleMs);
        const acquire = await play(roundMs);
        measured.set(phase, acquire);
        const { p50Ms, p99Ms } = acquire;
        report(`  ${phase}: acquire p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`);
      }
      played.push(Object.fromEntries(measured) as Round);
    }
    await enter("on", stage, rows);
    return impactFigures(played);
  } finally {
    await broker.bringBack();
    await pipeline.stop();
    await load.stop();
  }
}

/** The ratios of the tails: round against round, the median of the rounds. */
export function impactFigures(rounds: readonly Round[]): Figures {
  const figures: Figures = {};
  const tails = (phase: Phase): number[] => rounds.map((round) => round[phase].p99Ms);
  const ratioTo = (phase: Phase): number[] =>
    rounds.map((round) => round[phase].p99Ms / round.off.p99Ms);
  for (const phase of ["on", "kafka_down"] as const) {
    figures[`audit.p99_ratio_${phase}`] = median(ratioTo(phase));
    figures[`audit.p99_ratio_${phase}.rounds`] = listed(ratioTo(phase));
    figures[`audit.p99_ratio_${phase}.of_best_rounds`] =
      Math.min(...tails(phase)) / Math.min(...tails("off"));
  }
  for (const phase of phases) {
    figures[`audit.acquire_${phase}.p50_ms`] = median(rounds.map((round) => round[phase].p50Ms));
    figures[`audit.acquire_${phase}.p99_ms`] = median(tails(phase));
    figures[`audit.acquire_${phase}.rounds_p99_ms`] = listed(tails(phase));
  }
  return figures;
}

function listed(values: readonly number[]): string {
  return values.map((value) => value.toFixed(2)).join(" ");
}

/** `rows`: how many events the ledger has once it has them all. */
async function enter(phase: Phase, stage: AuditStage, rows: number): Promise<void> {
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
