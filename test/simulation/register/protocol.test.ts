import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { runSeeds } from "../seed-pool.ts";
import { registerMutants, ruleMutants } from "./register-mutants.ts";

import { brokenBy } from "./run-schedule.ts";

/** Enough for each of the builds below, many times over. */
const schedules = 2_000;
const root = new URL("../../../", import.meta.url);
const text = readFileSync(new URL("libs/core/PROTOCOL.md", root), "utf8");
const rows = text
  .split("\n")
  .filter((line) => /^\| [ILA]\d+ \|/.test(line))
  .map((line) => line.split("|").map((cell) => cell.trim()))
  .map(([, invariant = "", words = "", kept = "", watched = "", mutant = ""]) => {
    return { invariant, words, kept, watched, mutant };
  });
const names = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
const homes = [
  "libs/core/src/quorum/",
  "libs/core/src/fencing/",
  "libs/engine/src/",
  "test/simulation/register/",
];
const sourceOf = (file: string) => {
  const home = homes.find((folder) => existsSync(new URL(folder + file, root)));
  return home === undefined ? undefined : readFileSync(new URL(home + file, root), "utf8");
};

test.each(rows)(
  "$invariant has what keeps it, what watches it and what proves the watch",
  (row) => {
    expect(row.words).not.toBe("");
    const files = [...names(row.kept), ...names(row.watched)];
    expect(names(row.kept).length).toBeGreaterThan(0);
    for (const file of files) expect(sourceOf(file), file).toBeDefined();
    expect(names(row.watched).some((file) => reported(file).includes(row.invariant))).toBe(true);
    const mutant = [...registerMutants, ...ruleMutants].find(
      ({ name }) => name === names(row.mutant)[0],
    );
    expect(mutant?.name, row.mutant).toBe(names(row.mutant)[0]);
  },
);

test("what a checker can report has a row", () => {
  const checkers = [
    "register-checks.ts",
    "register-region.ts",
    "register-world.ts",
    "run-schedule.ts",
  ];
  const all = new Set(checkers.flatMap(reported));
  expect([...all].filter((name) => !rows.some((row) => row.invariant === name))).toEqual([]);
});

test.each(rows)(
  "$invariant is what the build that is to break it breaks",
  { timeout: 300_000 },
  async (row) => {
    const [mutant = ""] = names(row.mutant);
    const order = { from: 1, count: schedules, workers: 2, mutant } as const;
    const { figures } = await runSeeds({ world: "register", ...order });
    expect(figures[brokenBy(row.invariant)] ?? 0).toBeGreaterThan(0);
  },
);

/** The invariants that a file reports by number. */
function reported(file: string): string[] {
  const source = sourceOf(file) ?? "";
  return [...source.matchAll(/fail\(\s*"([ILA]\d+)"/g)].map(([, name = ""]) => name);
}
