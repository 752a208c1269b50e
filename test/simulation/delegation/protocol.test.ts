import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { brokenBy } from "../register/run-schedule.ts";
import { runSeeds } from "../seed-pool.ts";
import { delegationMutants } from "./delegation-mutants.ts";

/** Enough for each of the builds below, several times over. */
const schedules = 2_000;
const root = new URL("../../../", import.meta.url);
const rows = readFileSync(new URL("libs/core/PROTOCOL.md", root), "utf8")
  .split("\n")
  .filter((line) => /^\| D\d+ \|/.test(line))
  .map((line) => line.split("|").map((cell) => cell.trim()))
  .map(([, invariant = "", words = "", kept = "", watched = "", mutant = ""]) => {
    return { invariant, words, kept, watched, mutant };
  });
const names = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
const homes = [
  "libs/core/src/delegation/",
  "libs/core/src/quorum/",
  "libs/engine/src/",
  "test/simulation/delegation/",
];
const sourceOf = (file: string) => {
  const home = homes.find((folder) => existsSync(new URL(folder + file, root)));
  return home === undefined ? undefined : readFileSync(new URL(home + file, root), "utf8");
};

test.each(rows)(
  "$invariant has what keeps it, what watches it and what proves the watch",
  (row) => {
    expect(row.words).not.toBe("");
    expect(names(row.kept).length).toBeGreaterThan(0);
    for (const file of [...names(row.kept), ...names(row.watched)]) {
      expect(sourceOf(file), file).toBeDefined();
    }
    expect(names(row.watched).some((file) => reported(file).includes(row.invariant))).toBe(true);
    expect(delegationMutants.map(({ name }) => name)).toContain(names(row.mutant)[0]);
  },
);

test("what a checker of delegations can report has a row", () => {
  const checkers = ["delegation-checks.ts", "delegation-world.ts", "run-delegation.ts"];
  const all = new Set(checkers.flatMap(reported));
  expect([...all].filter((name) => !rows.some((row) => row.invariant === name))).toEqual([]);
  expect(rows.length).toBe(all.size);
});

test.each(rows)(
  "$invariant is what the build that is to break it breaks",
  { timeout: 120_000 },
  async (row) => {
    const [mutant = ""] = names(row.mutant);
    const order = { from: 1, count: schedules, workers: 2, mutant } as const;
    const { figures } = await runSeeds({ world: "delegation", ...order });
    expect(figures[brokenBy(row.invariant)] ?? 0).toBeGreaterThan(0);
  },
);

/** The invariants that a file reports by number. */
function reported(file: string): string[] {
  const source = sourceOf(file) ?? "";
  return [...source.matchAll(/fail\(\s*"(D\d+)"/g)].map(([, name = ""]) => name);
}
