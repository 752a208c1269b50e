import { expect, test } from "vitest";
import { delegationMutants } from "../simulation/delegation/delegation-mutants.ts";
import { registerMutants, ruleMutants } from "../simulation/register/register-mutants.ts";
import { regionMutants } from "./delegation/region-mutants.ts";
import { allScopes } from "./explore-named.ts";
import { exploreApart, hunt } from "./hunt.ts";
import { printExploration, printHunted } from "./print.ts";

/** Explored to their ends in every run; the others take minutes, and are run by hand. */
const scopes = [
  "contenders",
  "takeover",
  "copies",
  "retries",
  "crash",
  "hand-over",
  "refusal",
  "shared",
  "readmission",
  "three",
  "repeat",
  "delegated",
  "delegated-line",
  "delegated-renewed",
  "delegated-restart",
  "delegated-adopted",
  "delegated-copies",
] as const;

test.each(scopes)(
  "%s: every state there is holds, and leads to answers",
  (name) => {
    const found = exploreApart(["--scope", name]);
    console.log(printExploration(allScopes.find((each) => each.name === name)!, found));
    expect(found.counterexample).toBeUndefined();
    expect(found.isComplete).toBe(true);
  },
  300_000,
);

/** The invariant that each breaks first, and in how many steps; nothing breaks it in fewer. */
const shortest = [
  ["ballot-reused", "I1", 11],
  ["promise-not-persisted", "I4", 10],
  ["accept-ignores-promise", "I2", 5],
  ["no-write-back", "I5", 12],
  ["read-quorum-of-one", "I4", 8],
  ["accept-quorum-of-one", "I5", 9],
  ["accepted-under-a-lease", "I2", 5],
  ["promised-under-a-lease", "I2", 5],
  ["silence-counts", "I11", 11],
  ["one-vote-suffices", "I11", 11],
  ["revived-by-others", "L2", 11],
  ["token-stands-still", "I8", 7],
  ["two-holders", "I9", 9],
  ["recent-forgotten", "I4", 11],
  ["refusal-not-written", "I6", 10],
  ["wiped-region-votes", "I11", 12],
  ["refusal-only-read", "I6", 10],
  ["all-regions-needed", "L1", 6],
  ["no-third-vote", "L2", 11],
  ["state-not-compared", "D4", 9],
  ["counter-used-twice", "D1", 9],
  ["ended-before-the-close", "D4", 4],
  ["ended-while-held", "D4", 8],
  ["sequence-in-memory", "D1", 17],
  ["renewal-not-compared", "D4", 14],
  ["found-and-opened", "D4", 11],
  ["grant-after-d", "D2", 8],
  ["valid-for-without-d", "D2", 8],
  ["opened-again", "D4", 10],
  ["opened-while-ending", "D4", 7],
  ["granted-twice", "D3", 12],
  ["place-not-compared", "D3", 11],
  ["cancelled-without-tombstone", "D3", 6],
  ["late-release-counts", "D4", 18],
  ["opened-in-a-new-shard", "D4", 12],
] as const;
const ofDelegation = delegationMutants.filter(({ name }) => {
  return !regionMutants.some((mutant) => mutant.name === name);
});
const mutants = [...registerMutants, ...ruleMutants, ...regionMutants, ...ofDelegation];

test.each(shortest)(
  "%s breaks %s in %i steps",
  (name, invariant, steps) => {
    const hunted = hunt(mutants.find((mutant) => mutant.name === name)!);
    console.log(printHunted([hunted]).split("\n")[1]);
    const example = hunted.found?.result.counterexample;
    expect(example?.violation.checker).toBe(invariant);
    expect(example?.steps).toBe(steps);
  },
  300_000,
);

test("of every other mutant it is known why it cannot show", () => {
  const shown = new Set<string>(shortest.map(([name]) => name));
  const others = mutants.filter(({ name }) => !shown.has(name)).map(hunt);
  console.log(printHunted(others));
  const lost = others.filter(({ found, why }) => found === undefined && why === undefined);
  expect(lost.map(({ name }) => name)).toEqual([]);
}, 300_000);
