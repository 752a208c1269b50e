import { expect, test } from "vitest";
import { agesMs } from "./age.ts";
import { drainFigures, sizeFigures } from "./drain.ts";
import { impactFigures } from "./impact.ts";

const acquires = (p99Ms: number) => ({ p50Ms: p99Ms / 2, p99Ms });

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

test("an event's size is that of what came, not of what an empty ledger has", () => {
  const before = { records: 10, recordBytes: 9_000, rows: 0, eventBytes: sizes(8_192, 40_960, 0) };
  const after = {
    ...{ records: 1_010, recordBytes: 409_000, rows: 1_000 },
    eventBytes: sizes(508_192, 240_960, 300_000),
  };
  expect(sizeFigures(before, after)).toEqual({
    "audit.bytes_kafka": 400,
    "audit.bytes_postgres": 700,
    "audit.bytes_postgres.indexes": 200,
    "audit.bytes_postgres.line": 300,
  });
});

function sizes(rows: number, indexes: number, lines: number) {
  return { rows, indexes, lines };
}

test("a ratio of tails is that of each round, for a slow minute falls on both sides of it", () => {
  const rounds = [
    { off: acquires(10), with: acquires(11) },
    { off: acquires(40), with: acquires(42) },
    { off: acquires(10), with: acquires(30) },
  ];
  expect(impactFigures("audit.p99_ratio_on", rounds)).toEqual({
    "audit.p99_ratio_on": 1.1,
    "audit.p99_ratio_on.rounds": "1.10 1.05 3.00",
    "audit.p99_ratio_on.off_p50_ms": 5,
    "audit.p99_ratio_on.off_p99_ms": 10,
    "audit.p99_ratio_on.off_rounds_p99_ms": "10.00 40.00 10.00",
    "audit.p99_ratio_on.with_p50_ms": 15,
    "audit.p99_ratio_on.with_p99_ms": 30,
    "audit.p99_ratio_on.with_rounds_p99_ms": "11.00 42.00 30.00",
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
  expect(agesMs([["c", 1_000]], committed)).toEqual([Number.NaN]);
});
