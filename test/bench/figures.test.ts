import { expect, test } from "vitest";
import { localBars } from "./bars.ts";
import { completed, throughputFigures } from "./figures.ts";
import type { Measurement } from "./measured-load.ts";

function run(pairsPerS: number): Measurement {
  const acquire = { p50Ms: 1, p99Ms: 2 };
  return { workers: 8, pairsPerS, acquire, clientCpuUs: 10, serverCpuUs: 20 };
}

test("a ratio is best round against best round, and the drift shows beside it", () => {
  const figures = throughputFigures(
    new Map([
      ["holdfast" as const, [run(60), run(80), run(50)]],
      ["ceiling" as const, [run(100), run(90), run(100)]],
    ]),
  );
  expect(figures["local.share_of_ceiling"]).toBe(0.8);
  expect(figures["local.share_of_ceiling.median_of_rounds"]).toBe(0.6);
  expect(figures["local.holdfast.pairs_per_s"]).toBe(80);
  expect(figures["local.ceiling.rounds_pairs_per_s"]).toBe("100 90 100");
});

test("a contender that did not run leaves no ratio", () => {
  const figures = throughputFigures(new Map([["holdfast" as const, [run(60)]]]));
  expect(figures).not.toHaveProperty("local.vs_redlock");
  expect(completed(figures, localBars)["local.vs_redlock"]).toBeNull();
});

test("a failed round is shown and counts for nothing else", () => {
  const figures = throughputFigures(
    new Map([
      ["holdfast" as const, [undefined, run(80), run(50)]],
      ["ceiling" as const, [run(100), undefined, run(100)]],
    ]),
  );
  expect(figures["local.share_of_ceiling"]).toBe(0.8);
  expect(figures["local.share_of_ceiling.median_of_rounds"]).toBe(0.5);
  expect(figures["local.holdfast.rounds_pairs_per_s"]).toBe("failed 80 50");
});

test("servers of more than one kind are charged apart", () => {
  const split = { ...run(10), serverCpuUsBy: { router: 5, etcd: 15 } };
  const figures = throughputFigures(new Map([["holdfast" as const, [split]]]));
  expect(figures["local.holdfast.router_cpu_us_per_pair"]).toBe(5);
  expect(figures["local.holdfast.server_cpu_us_per_pair"]).toBe(20);
});

test("the object written has every figure with a bar first, and only values JSON can carry", () => {
  const measured = { "z.last": 1.23456, "idle.cpu_share": Number.NaN, "a.first": "text" };
  const whole = completed(measured, localBars);
  const keys = Object.keys(whole);
  expect(keys.slice(0, localBars.length)).toEqual(localBars.map((bar) => bar.key));
  expect(keys.slice(localBars.length)).toEqual(["a.first", "z.last"]);
  expect(whole["idle.cpu_share"]).toBeNull();
  expect(whole["z.last"]).toBe(1.235);
  expect(JSON.parse(JSON.stringify(whole))).toEqual(whole);
});
