import { expect, test } from "vitest";
import { protocolRows, reportedIn, sourceIn } from "../protocol-table.ts";
import { brokenBy } from "../register/run-schedule.ts";
import { runSeeds } from "../seed-pool.ts";
import { delegationMutants } from "./delegation-mutants.ts";

/** Enough for each of the builds below, several times over. */
const schedules = 2_000;
const rows = protocolRows("D");
const homes = [
  "libs/core/src/delegation/",
  "libs/core/src/quorum/",
  "libs/engine/src/",
  "test/simulation/delegation/",
];
const reported = (file: string) => reportedIn(sourceIn(homes, file) ?? "");

test.each(rows)(
  "$invariant has what keeps it, what watches it and what proves the watch",
  ({ invariant, words, kept, watched, mutant }) => {
    expect(words).not.toBe("");
    expect(kept.length).toBeGreaterThan(0);
    for (const file of [...kept, ...watched]) expect(sourceIn(homes, file), file).toBeDefined();
    expect(watched.some((file) => reported(file).includes(invariant))).toBe(true);
    expect(delegationMutants.map(({ name }) => name)).toContain(mutant);
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
  async ({ invariant, mutant }) => {
    const order = { from: 1, count: schedules, workers: 2, mutant } as const;
    const { figures } = await runSeeds({ world: "delegation", ...order });
    expect(figures[brokenBy(invariant)] ?? 0).toBeGreaterThan(0);
  },
);
