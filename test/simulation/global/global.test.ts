import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { sabotaged } from "../../sabotage/sabotage.ts";
import type { Mutant } from "../mutants.ts";
import { runSeeds } from "../seed-pool.ts";
import { printReport, type SeedReport } from "../seed-report.ts";
import { allGlobalMutants } from "./global-mutants.ts";
import { globalRegressionSeeds } from "./global-regression-seeds.ts";

const seedsInTest = 250;
/** Seeds a mutant may survive at the most. */
const mutantSeedsMax = 300;
const world = "global";
const main = fileURLToPath(new URL("../main.ts", import.meta.url));

test("no seed of 250 breaks a promise of the global tier", { timeout: 1_800_000 }, async () => {
  const report = await runSeeds({ world, from: 1, count: seedsInTest, workers: 2 });
  const text = printReport(report, undefined, world);
  console.log(text);
  expect(report.failures, text).toEqual([]);
  expect(report.seeds).toBe(seedsInTest);
  const each = (name: string) => (report.figures[name] ?? 0) / report.seeds;
  // Runs in which little happens do not count.
  expect(each("grants")).toBeGreaterThan(15);
  expect(each("delegated")).toBeGreaterThan(5);
  expect(each("promotions")).toBeGreaterThan(5);
  expect(each("takeovers")).toBeGreaterThan(0.5);
  expect(each("beliefs")).toBeGreaterThan(10);
  expect(each("unknown answers of a shard")).toBeGreaterThan(5);
  expect(each("lost or doubled messages")).toBeGreaterThan(20);
  expect(each("misfortunes")).toBeGreaterThan(2);
});

test("seeds of the global tier that once failed hold", { timeout: 600_000 }, async () => {
  for (const { seed, found } of globalRegressionSeeds) {
    const report = await runSeeds({ world, from: seed, count: 1, workers: 1 });
    expect(report.failures, `${found}\n${printReport(report, undefined, world)}`).toEqual([]);
  }
});

/** The trace hashes of seeds, run one after the other in a process of their own. */
function hashesOf(from: number, count: number): string[] {
  const args = ["--global", "--hashes", "--from", String(from), "--seeds", String(count)];
  const { stdout, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: "utf8" });
  expect(stderr).toBe("");
  return stdout.trim().split("\n");
}

test("the same seed gives the same run of the global tier", { timeout: 300_000 }, () => {
  const hashes = hashesOf(1, 8);
  expect(hashesOf(5, 4)).toEqual(hashes.slice(4));
  expect(new Set(hashes).size).toBe(8);
});

test("every mutant of the global tier still finds the lines it changes", () => {
  for (const { edits } of allGlobalMutants) {
    for (const [file, own] of Map.groupBy(edits, (it) => it.file)) {
      const source = readFileSync(new URL(`../../../${file}`, import.meta.url), "utf8");
      expect(sabotaged(source, own)).not.toBe(source);
    }
  }
});

test("the simulation finds every mutant of the global tier", { timeout: 1_800_000 }, async () => {
  const reports = new Map<Mutant, SeedReport>();
  for (const mutant of allGlobalMutants) reports.set(mutant, await hunt(mutant));
  console.log(printTable(reports));
  const survivors = [...reports].filter(([, { failures }]) => failures.length === 0);
  expect(survivors.map(([{ name }]) => name)).toEqual([]);
});

/** First where it was found before; a change of the workload makes it a search from the start. */
async function hunt({ name, foundBy }: (typeof allGlobalMutants)[number]): Promise<SeedReport> {
  const order = { world, workers: 2, stopAtFirst: true, mutant: name } as const;
  const again = await runSeeds({ ...order, from: foundBy, count: 1 });
  if (again.failures.length > 0) return again;
  return runSeeds({ ...order, from: 1, count: mutantSeedsMax });
}

function printTable(reports: ReadonlyMap<Mutant, SeedReport>): string {
  const rows = [...reports].map(([{ name, phrase }, { failures, seeds }]) => {
    const [first] = failures;
    const found =
      first === undefined
        ? `survived ${seeds} seeds`
        : `seed ${first.seed}: ${first.violations[0]?.checker}`;
    return `${name.padEnd(30)} ${found.padEnd(32)} ${phrase}`;
  });
  return ["mutant                         found by                         in words", ...rows].join(
    "\n",
  );
}
