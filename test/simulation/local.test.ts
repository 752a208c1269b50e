import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { regressionSeeds } from "./regression-seeds.ts";
import { runSeeds } from "./seed-pool.ts";
import { printReport } from "./seed-report.ts";

const seedsInTest = 20_000;
const main = fileURLToPath(new URL("./main.ts", import.meta.url));

test("no promise is broken in 20,000 seeds", { timeout: 1_800_000 }, async () => {
  const report = await runSeeds({ from: 1, count: seedsInTest, workers: 2 });
  console.log(printReport(report));
  expect(report.failures, printReport(report)).toEqual([]);
  expect(report.seeds).toBe(seedsInTest);
});

test("runs in which little happens do not count", { timeout: 300_000 }, async () => {
  const { figures, seeds } = await runSeeds({ from: 1, count: 300, workers: 2 });
  const each = (name: string) => (figures[name] ?? 0) / seeds;
  expect(each("grants")).toBeGreaterThan(10);
  expect(each("promotions")).toBeGreaterThan(5);
  expect(each("unknown answers of a shard")).toBeGreaterThan(1);
  expect(each("lost or doubled messages")).toBeGreaterThan(1);
  expect(each("injections")).toBeGreaterThan(1);
});

test("seeds that once failed hold", { timeout: 300_000 }, async () => {
  for (const { seed, found } of regressionSeeds) {
    const report = await runSeeds({ from: seed, count: 1, workers: 1 });
    expect(report.failures, `${found}\n${printReport(report)}`).toEqual([]);
  }
});

/** The trace hashes of seeds, run one after the other in a process of their own. */
function hashesOf(from: number, count: number): string[] {
  const args = ["--hashes", "--from", String(from), "--seeds", String(count)];
  const { stdout, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: "utf8" });
  expect(stderr).toBe("");
  return stdout.trim().split("\n");
}

test("the same seed gives the same run, whatever ran before it and in whichever process", () => {
  const hashes = hashesOf(1, 40);
  expect(hashesOf(1, 40)).toEqual(hashes);
  expect(hashesOf(31, 10)).toEqual(hashes.slice(30));
  expect(hashesOf(40, 1)).toEqual(hashes.slice(39));
});

test("different seeds give different runs", () => {
  expect(new Set(hashesOf(1, 40)).size).toBe(40);
});
