import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { registerMutants, ruleMutants } from "./register-mutants.ts";

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
const homes = ["libs/core/src/quorum/", "libs/engine/src/", "test/simulation/register/"];
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
    const mutant = [...registerMutants, ...ruleMutants].find(
      ({ name }) => name === names(row.mutant)[0],
    );
    expect(mutant?.name, row.mutant).toBe(names(row.mutant)[0]);
  },
);

test("what a checker can report has a row", () => {
  const checkers = ["register-checks.ts", "register-world.ts", "run-schedule.ts"].map(sourceOf);
  const reported = checkers.flatMap((source = "") =>
    [...source.matchAll(/fail\(\s*"([ILA]\d+)"/g)].map(([, name = ""]) => name),
  );
  expect(
    [...new Set(reported)].filter((name) => !rows.some((row) => row.invariant === name)),
  ).toEqual([]);
});
