import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { sabotaged } from "../sabotage/sabotage.ts";
import { allMutants, type Mutant, mutants, pastBugs } from "./mutants.ts";
import { runSeeds } from "./seed-pool.ts";
import type { SeedReport } from "./seed-report.ts";

/** Those that seeds find; the others are told by scenarios. */
const hunted: readonly Mutant[] = [...mutants, ...pastBugs];
/** Seeds a mutant may survive at the most. Most are found within a hundred. */
const seedsMax = 12_000;
const budgetMs = 900_000;

test("every mutant still finds the lines it changes", () => {
  for (const { edits } of allMutants) {
    for (const [file, own] of Map.groupBy(edits, (it) => it.file)) {
      const source = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
      expect(sabotaged(source, own)).not.toBe(source);
    }
  }
});

test("mutants have names of their own", () => {
  expect(new Set(allMutants.map(({ name }) => name)).size).toBe(allMutants.length);
});

test("the simulation finds every mutant out", { timeout: 1_800_000 }, async () => {
  const reports = await huntAll();
  console.log(printTable(reports));
  const survivors = [...reports].filter(([, report]) => !isCaught(report));
  expect(survivors.map(([mutant]) => mutant.name)).toEqual([]);
});

/** Two mutants at a time, each in a process of its own. */
async function huntAll(): Promise<Map<Mutant, SeedReport>> {
  const reports = new Map<Mutant, SeedReport>();
  const waiting = [...hunted];
  const hunt = async () => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const { name } = mutant;
      const order = { from: 1, count: seedsMax, workers: 1, stopAtFirst: true, budgetMs };
      reports.set(mutant, await runSeeds({ ...order, mutant: name }));
    }
  };
  await Promise.all([hunt(), hunt()]);
  return reports;
}

/** A build that merely crashes proves nothing about the checkers. */
function isCaught({ failures }: SeedReport): boolean {
  return failures.some(({ violations }) => violations.some(({ checker }) => checker !== "crash"));
}

function printTable(reports: ReadonlyMap<Mutant, SeedReport>): string {
  const rows = hunted.map((mutant) => {
    const report = reports.get(mutant);
    const first = report?.failures[0];
    const violation = first?.violations.find(({ checker }) => checker !== "crash");
    const found =
      first === undefined || violation === undefined
        ? `survived ${report?.seeds} seeds`
        : `seed ${first.seed}: ${violation.checker}`;
    return `${mutant.name.padEnd(30)} ${found.padEnd(32)} ${mutant.phrase}`;
  });
  return [
    "mutant                         found by                         the design's words",
    ...rows,
  ].join("\n");
}
