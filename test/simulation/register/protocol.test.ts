import { expect, test } from "vitest";
import { protocolRows, reportedIn, sourceIn } from "../protocol-table.ts";
import { runSeeds } from "../seed-pool.ts";
import { registerMutants, ruleMutants } from "./register-mutants.ts";
import { brokenBy } from "./run-schedule.ts";

/** Enough for each of the builds below, many times over. */
const schedules = 2_000;
const rows = protocolRows("ILA");
const homes = [
  "libs/core/src/quorum/",
  "libs/core/src/audit/",
  "libs/core/src/fencing/",
  "libs/engine/src/",
  "test/simulation/register/",
];
const reported = (file: string) => reportedIn(sourceIn(homes, file) ?? "");

test.each(rows)(
  "$invariant has what keeps it, what watches it and what proves the watch",
  ({ invariant, words, kept, watched, mutant }) => {
    expect(words).not.toBe("");
    expect(kept.length).toBeGreaterThan(0);
    for (const file of [...kept, ...watched]) expect(sourceIn(homes, file), file).toBeDefined();
    expect(watched.some((file) => reported(file).includes(invariant))).toBe(true);
    expect([...registerMutants, ...ruleMutants].map(({ name }) => name)).toContain(mutant);
  },
);

test("what a checker can report has a row", () => {
  const checkers = [
    "register-checks.ts",
    "register-record.ts",
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
  async ({ invariant, mutant }) => {
    const order = { from: 1, count: schedules, workers: 2, mutant } as const;
    const { figures } = await runSeeds({ world: "register", ...order });
    expect(figures[brokenBy(invariant)] ?? 0).toBeGreaterThan(0);
  },
);
