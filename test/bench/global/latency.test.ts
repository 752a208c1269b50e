import { expect, test } from "vitest";
import { threeRegions } from "../../relay/wan.ts";
import { latencyFigures } from "./latency.ts";
import { type LatencyAnswer, type TimedStep, timedSteps } from "./latency-actor.ts";
import { laidRtt } from "./round-trips.ts";

function seen(rttMs: Record<string, number>, times: Partial<Record<TimedStep, number>>) {
  const steps = Object.fromEntries(
    timedSteps.map((step) => [step, { p50Ms: times[step] ?? Number.NaN, p99Ms: 0 }]),
  ) as LatencyAnswer["steps"];
  return { turns: 1, steps, rttMs } satisfies LatencyAnswer;
}

const answers = new Map([
  [
    "us-east-1",
    seen(
      { "us-west-2": 64, "eu-west-1": 76 },
      { cold: 134, warm: 67, release: 67, handOver: 67, stretched: 65, rawCommit: 3 },
    ),
  ],
  [
    "us-west-2",
    seen(
      { "us-east-1": 64, "eu-west-1": 136 },
      { cold: 198, warm: 67, release: 67, handOver: 99, stretched: 130, rawCommit: 3 },
    ),
  ],
  [
    "eu-west-1",
    seen(
      { "us-east-1": 80, "us-west-2": 136 },
      { cold: 166, warm: 83, release: 83, handOver: 83, stretched: 140, rawCommit: 3 },
    ),
  ],
]);
const figures = latencyFigures(answers, laidRtt(threeRegions));

test("a region's time counts in measured round trips to its nearest other, commits left out", () => {
  // us-west-2 is the worst: 198 ms, less two commits of 3 ms, in round trips of 64 ms.
  expect(figures["global.cold_rtt"]).toBe(3);
  expect(figures["global.re_acquire_rtt"]).toBe(1);
});

test("whatever is warm counts, and the worst of it is the figure", () => {
  expect(figures["global.hand_over_rtt"]).toBe(1.5);
  expect(figures["global.warm_rtt"]).toBe(1.5);
});

test("against the stretched cluster the means over the regions count", () => {
  expect(figures["global.vs_stretched"]).toBeCloseTo((67 + 67 + 83) / (65 + 130 + 140));
  expect(figures["global.cold_vs_stretched"]).toBeCloseTo((134 + 198 + 166) / 335);
});
