import { setTimeout as sleep } from "node:timers/promises";
import { ActorProcess } from "../actor-process.ts";
import type { Figures } from "../figures.ts";
import { type Latency, median } from "../percentile.ts";
import { type AuditStage, ledgerIsWhole, rowsReach } from "./audit-stage.ts";
import type { PacedAnswer } from "./paced-actor.ts";

/**
 * What acquires are timed under. The first is the load that the figures are of; under the second
 * the processors have little else to do, which tells a wait for them from one for the pipeline.
 */
export const loads = { usual: 2_000, light: 500 } as const;
type Load = keyof typeof loads;
/** An acquire and a release. */
const eventsOfPair = 2;
/** A median of less says little of a tail. */
const roundsMin = 5;
const compileMs = 3_000;
/**
 * What starting or killing a process left undone is not what the pipeline costs: code that is
 * compiled in another process takes a processor from those that lock.
 */
const settleMs = 2_000;
const warmupMs = 2_000;

/** How the pipeline stands while acquires are timed. */
export type Phase = "off" | "on" | "kafka_down";

/** A round goes from one to the next; every other one goes back, so that it begins where it is. */
const phases: readonly Phase[] = ["off", "on", "kafka_down"];

/** The acquires of one round, by phase, under each load. */
export type Round = Readonly<Record<Phase, Readonly<Record<Load, Latency>>>>;

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
    const play = async (acquiresPerS: number, measureMs: number): Promise<Latency> => {
      const plan = { acquiresPerS, warmupMs, measureMs };
      const { acquire, pairsInAll } = await load.request<PacedAnswer>(plan);
      rows += pairsInAll * eventsOfPair;
      return acquire;
    };
    // Its first run compiles the code.
    await play(loads.light, compileMs);
    const played: Round[] = [];
    for (let round = 0; round < Math.max(roundsMin, rounds); round++) {
      const measured: [Phase, Round[Phase]][] = [];
      for (const phase of round % 2 === 0 ? phases : phases.toReversed()) {
        await enter(phase, stage, rows);
        await sleep(settleMs);
        const light = await play(loads.light, roundMs);
        const usual = await play(loads.usual, roundMs);
        measured.push([phase, { usual, light }]);
        report(`  ${phase}: acquire ${described(usual)}; under the light load ${described(light)}`);
      }
      played.push(Object.fromEntries(measured) as Round);
    }
    await enter("on", stage, rows);
    await ledgerIsWhole(stage);
    return impactFigures(played);
  } finally {
    await broker.bringBack();
    await pipeline.stop();
    await load.stop();
  }
}

function described({ p50Ms, p99Ms }: Latency): string {
  return `p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`;
}

/** The ratios of the tails: round against round, the median of the rounds. */
export function impactFigures(rounds: readonly Round[]): Figures {
  const figures: Figures = {};
  for (const load of ["usual", "light"] as const) {
    const suffix = load === "usual" ? "" : `.at_${loads[load]}`;
    const tails = (phase: Phase): number[] => rounds.map((round) => round[phase][load].p99Ms);
    const ratioTo = (phase: Phase): number[] =>
      rounds.map((round) => round[phase][load].p99Ms / round.off[load].p99Ms);
    for (const phase of ["on", "kafka_down"] as const) {
      const key = `audit.p99_ratio_${phase}${suffix}`;
      figures[key] = median(ratioTo(phase));
      figures[`${key}.rounds`] = listed(ratioTo(phase));
      figures[`${key}.of_best_rounds`] = Math.min(...tails(phase)) / Math.min(...tails("off"));
    }
    for (const phase of phases) {
      const key = `audit.acquire_${phase}${suffix}`;
      figures[`${key}.p50_ms`] = median(rounds.map((round) => round[phase][load].p50Ms));
      figures[`${key}.p99_ms`] = median(tails(phase));
      figures[`${key}.rounds_p99_ms`] = listed(tails(phase));
    }
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
