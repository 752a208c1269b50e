import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { sabotaged } from "../../sabotage/sabotage.ts";
import { runSeeds } from "../seed-pool.ts";
import { printReport, type SeedReport } from "../seed-report.ts";
import { delegationMutants, delegationRuleMutants } from "./delegation-mutants.ts";
import { delegationRules } from "./delegation-rules.ts";
import { runDelegation } from "./run-delegation.ts";

const schedules = 200_000;
/** Schedules a mutant may survive at the most. */
const mutantSchedulesMax = 20_000;
const main = fileURLToPath(new URL("../main.ts", import.meta.url));

test("no schedule of 200,000 breaks a delegation", { timeout: 1_800_000 }, async () => {
  const report = await runSeeds({ world: "delegation", from: 1, count: schedules, workers: 2 });
  const text = printReport(report, undefined, "delegation");
  console.log(text);
  expect(report.failures, text).toEqual([]);
  expect(report.seeds).toBe(schedules);
});

test("the same seed gives the same schedule, and another seed another", () => {
  const [one, again, other] = [runDelegation(11), runDelegation(11), runDelegation(12)];
  expect(again).toEqual(one);
  expect(other.figures).not.toEqual(one.figures);
});

test("schedules in which little happens do not count", { timeout: 300_000 }, async () => {
  const { figures, seeds } = await runSeeds({
    world: "delegation",
    from: 1,
    count: 1_000,
    workers: 2,
  });
  const each = (name: string) => (figures[name] ?? 0) / seeds;
  expect(each("local grants")).toBeGreaterThan(3);
  expect(each("chosen values")).toBeGreaterThan(8);
  expect(each("faults")).toBeGreaterThan(1);
  expect(each("lost messages and stalls")).toBeGreaterThan(5);
});

test("every mutant of delegations still finds the lines it changes", () => {
  for (const { edits } of [...delegationMutants, ...delegationRuleMutants]) {
    for (const [file, own] of Map.groupBy(edits, (it) => it.file)) {
      const source = readFileSync(new URL(`../../../${file}`, import.meta.url), "utf8");
      expect(sabotaged(source, own)).not.toBe(source);
    }
  }
});

test("schedules find every mutant of delegations", { timeout: 900_000 }, async () => {
  const reports = new Map<string, SeedReport>();
  for (const { name } of delegationMutants) {
    const order = { from: 1, count: mutantSchedulesMax, workers: 2, stopAtFirst: true };
    reports.set(name, await runSeeds({ world: "delegation", ...order, mutant: name }));
  }
  console.log(printTable(reports));
  const survivors = [...reports].filter(([, { failures }]) => failures.length === 0);
  expect(survivors.map(([name]) => name)).toEqual([]);
});

describe.for(delegationRules.map((rule) => [rule.rule, rule] as const))("%s", ([name, rule]) => {
  test(rule.story, () => rule.play());

  test("… and a build without it is told", () => {
    const args = [main, "--rule", name, "--mutant", rule.mutant];
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: "utf8" });
    expect(stdout).toContain(rule.fails);
    expect(status).toBe(1);
  });
});

function printTable(reports: ReadonlyMap<string, SeedReport>): string {
  const rows = delegationMutants.map(({ name, phrase }) => {
    const report = reports.get(name);
    const first = report?.failures[0];
    const found =
      first === undefined ? "survived" : `${first.seed}: ${first.violations[0]?.checker}`;
    return `${name.padEnd(26)} ${found.padEnd(12)} ${phrase}`;
  });
  return ["mutant                     schedule     the design's words", ...rows].join("\n");
}
