import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { sabotaged } from "../../sabotage/sabotage.ts";
import { runSeeds } from "../seed-pool.ts";
import { printReport, type SeedReport } from "../seed-report.ts";
import { foundBySchedules, registerMutants, ruleMutants } from "./register-mutants.ts";
import { runSchedule } from "./run-schedule.ts";

const schedules = 1_000_000;
const hunted = [
  ...registerMutants,
  ...ruleMutants.filter(({ name }) => foundBySchedules.includes(name)),
];
/** Schedules a mutant may survive at the most. */
const mutantSchedulesMax = 60_000;

test("no invariant breaks in 1,000,000 schedules", { timeout: 1_800_000 }, async () => {
  const report = await runSeeds({ world: "register", from: 1, count: schedules, workers: 2 });
  const text = printReport(report, undefined, "register");
  console.log(text);
  expect(report.failures, text).toEqual([]);
  expect(report.seeds).toBe(schedules);
});

test("schedules that once failed hold", () => {
  // A request was granted twice: what others proposed along with a repeat was taken for the version
  // at which it was first seen.
  for (const seed of [122_479, 395_356, 975_134]) expect(runSchedule(seed).violations).toEqual([]);
  // A region was not readmitted in time: an outdated re-admission unseated the shard that another
  // one had let in.
  const unseated = [
    145_470, 181_616, 219_827, 231_115, 307_935, 391_264, 465_947, 470_794, 489_814, 667_511,
  ];
  // A coordinator told those who wait of what a late answer showed, from before they had come.
  const outdated = [797_701];
  for (const seed of [...unseated, ...outdated]) {
    expect(runSchedule(seed).violations).toEqual([]);
  }
});

test("the same seed gives the same schedule, and another seed another", () => {
  const [one, again, other] = [runSchedule(11), runSchedule(11), runSchedule(12)];
  expect(again).toEqual(one);
  expect(other.figures).not.toEqual(one.figures);
});

test("every mutant of the register still finds the lines it changes", () => {
  for (const { edits } of [...registerMutants, ...ruleMutants]) {
    for (const [file, own] of Map.groupBy(edits, (it) => it.file)) {
      const source = readFileSync(new URL(`../../../${file}`, import.meta.url), "utf8");
      expect(sabotaged(source, own)).not.toBe(source);
    }
  }
});

test("schedules find every mutant of the register", { timeout: 1_800_000 }, async () => {
  const reports = new Map<string, SeedReport>();
  for (const { name } of hunted) {
    const order = { from: 1, count: mutantSchedulesMax, workers: 2, stopAtFirst: true };
    reports.set(name, await runSeeds({ world: "register", ...order, mutant: name }));
  }
  console.log(printTable(reports));
  const survivors = [...reports].filter(([, { failures }]) => failures.length === 0);
  expect(survivors.map(([name]) => name)).toEqual([]);
});

function printTable(reports: ReadonlyMap<string, SeedReport>): string {
  const rows = hunted.map(({ name, phrase }) => {
    const first = reports.get(name)?.failures[0];
    // Schedules are tried in order, so the seed that kills is how many it took.
    const seed = String(first?.seed ?? "-").padStart(8);
    const broken = (first?.violations[0]?.checker ?? "none").padEnd(9);
    return `${name.padEnd(34)} ${seed}  ${broken} ${phrase}`;
  });
  const title = `${"mutant".padEnd(34)} schedule  broken    the design's words`;
  return [title, ...rows].join("\n");
}
