import { expect, test } from "vitest";
import { agesMs } from "./age.ts";
import { drainFigures } from "./drain.ts";
import { impactFigures } from "./impact.ts";

const latency = (p99Ms: number) => ({ p50Ms: p99Ms / 2, p99Ms });

test("the best backlog counts, with what each stage took of it", () => {
  const runs = [
    { events: 30_000, elapsedMs: 4_000, cpuUs: { journal: 40, auditor: 50 } },
    { events: 30_000, elapsedMs: 2_000, cpuUs: { journal: 30, auditor: 45 } },
    { events: 30_000, elapsedMs: 3_000, cpuUs: { journal: 35, auditor: 48 } },
  ];
  expect(drainFigures(runs)).toMatchObject({
    "audit.events_per_s": 15_000,
    "audit.events_per_s.rounds": "7500 15000 10000",
    "audit.cpu_us_per_event": 75,
    "audit.cpu_us_per_event.journal": 30,
  });
});

test("a ratio of tails is that of each round, for a slow minute falls on all phases", () => {
  const rounds = [
    { off: latency(10), on: latency(11), kafka_down: latency(10) },
    { off: latency(40), on: latency(42), kafka_down: latency(36) },
    { off: latency(10), on: latency(30), kafka_down: latency(10) },
  ];
  expect(impactFigures(rounds)).toMatchObject({
    "audit.p99_ratio_on": 1.1,
    "audit.p99_ratio_kafka_down": 1,
    "audit.p99_ratio_on.of_best_rounds": 1.1,
    "audit.acquire_off.p99_ms": 10,
    "audit.acquire_on.rounds_p99_ms": "11.00 42.00 30.00",
  });
});

test("an event is as old as the time from asking for its lock until it was committed", () => {
  const committed = new Map([
    ["a", 1_150],
    ["b", 1_200],
  ]);
  expect(
    agesMs(
      [
        ["b", 1_000],
        ["a", 1_100],
      ],
      committed,
    ),
  ).toEqual([200, 50]);
  expect(() => agesMs([["c", 1_000]], committed)).toThrow("grant c");
});
