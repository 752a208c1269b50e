import { ActorProcess } from "../actor-process.ts";
import type { Figures } from "../figures.ts";
import {
  type LatencyAnswer,
  type LatencyPlan,
  type TimedStep,
  timedSteps,
} from "./latency-actor.ts";
import { inRoundTrips, laidRtt, meanOf, nearestOf, type RttOf } from "./round-trips.ts";
import type { WanStage } from "./wan-stage.ts";

/** What each region's clients saw, by region. */
export type SeenByRegion = ReadonlyMap<string, LatencyAnswer>;

/** A cold acquire waits for promises and for accepts, in the nearest other region both. */
const coldCommits = 2;
const warmCommits = 1;
/** A turn takes more than a second, and a median needs some. */
const measureMsMin = 25_000;

/** Single operations in all three regions at once, on a machine with nothing else to do. */
export async function measureLatency(stage: WanStage, measureMs: number): Promise<Figures> {
  const { regions } = stage.platform.wan;
  await stage.stretched.lead(stage.bestLeader);
  const actors = await Promise.all(
    regions.map((region) =>
      ActorProcess.start("latency", stage.settingsOf(region), stage.execArgv),
    ),
  );
  try {
    const plan: LatencyPlan = { measureMs: Math.max(measureMsMin, measureMs) };
    const answers = await Promise.all(actors.map((actor) => actor.request<LatencyAnswer>(plan)));
    const leader = await stage.stretched.leaderRegion();
    if (leader !== stage.bestLeader) throw new Error(`meanwhile ${leader} came to lead`);
    const seen = new Map(regions.map((region, i) => [region, answers[i] as LatencyAnswer]));
    for (const [region, { turns, steps }] of seen) {
      const times = timedSteps.map((step) => `${step} ${steps[step].p50Ms.toFixed(1)}`);
      stage.report(`  ${region}, ${turns} turns, p50 in ms: ${times.join(", ")}`);
    }
    return latencyFigures(seen, laidRtt(stage.roundTrips));
  } finally {
    await Promise.all(actors.map((actor) => actor.stop()));
  }
}

/** The figures with a bar, and all they are made of. `laid`: the round trips as they were laid. */
export function latencyFigures(seen: SeenByRegion, laid: RttOf): Figures {
  const regions = [...seen.keys()];
  const figures: Figures = {};
  const p50 = (region: string, step: TimedStep): number =>
    seen.get(region)?.steps[step].p50Ms ?? Number.NaN;
  const mean = (step: TimedStep): number => meanOf(regions.map((region) => p50(region, step)));
  const worst = (of: (region: string) => number): number => Math.max(...regions.map(of));
  const roundTrips = (region: string, step: TimedStep, count: number): number => {
    const nearest = nearestOf(region, regions, laid);
    const rttMs = seen.get(region)?.rttMs[nearest] ?? Number.NaN;
    return inRoundTrips(p50(region, step), rttMs, { count, ms: p50(nearest, "rawCommit") });
  };
  const inLaid = (region: string, step: TimedStep): number =>
    p50(region, step) / laid(region, nearestOf(region, regions, laid));

  figures["global.cold_rtt"] = worst((region) => roundTrips(region, "cold", coldCommits));
  figures["global.cold_rtt.with_commits"] = worst((region) => inLaid(region, "cold"));
  for (const step of ["warm", "release", "handOver"] as const) {
    const key = `global.${step === "handOver" ? "hand_over" : step}_rtt`;
    const value = worst((region) => roundTrips(region, step, warmCommits));
    figures[step === "warm" ? "global.re_acquire_rtt" : key] = value;
    const all = Number(figures["global.warm_rtt"] ?? 0);
    figures["global.warm_rtt"] = Math.max(all, value);
  }
  figures["global.warm_rtt.with_commits"] = worst((region) => inLaid(region, "warm"));
  figures["global.vs_stretched"] = mean("warm") / mean("stretched");
  figures["global.cold_vs_stretched"] = mean("cold") / mean("stretched");
  for (const [region, { turns, steps, rttMs }] of seen) {
    figures[`global.latency.${region}.turns`] = turns;
    for (const step of timedSteps) {
      figures[`global.latency.${region}.${snake(step)}_p50_ms`] = steps[step].p50Ms;
      figures[`global.latency.${region}.${snake(step)}_p99_ms`] = steps[step].p99Ms;
    }
    for (const [to, ms] of Object.entries(rttMs)) {
      figures[`global.latency.${region}.rtt_to_${to}_ms`] = ms;
    }
  }
  return figures;
}

function snake(step: TimedStep): string {
  return step.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
