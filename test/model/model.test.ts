import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { Exploration } from "./explore.ts";

const main = fileURLToPath(new URL("./main.ts", import.meta.url));

function run(...args: string[]): Exploration {
  const { stdout } = spawnSync(process.execPath, [main, "--json", ...args], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  return JSON.parse(stdout);
}

test("two contenders: every state there is holds every invariant", { timeout: 300_000 }, () => {
  const { states, depth, isComplete, elapsedMs, counterexample } = run("--scope", "contenders");
  console.log(
    `contenders: ${states} states, ${depth} deep, ${Math.round(elapsedMs)} ms, all of the scope`,
  );
  expect(counterexample).toBeUndefined();
  expect(isComplete).toBe(true);
  expect(states).toBeGreaterThan(50_000);
});

test.each([
  ["promise-not-persisted", "contenders", "I4"],
  ["accept-ignores-promise", "contenders", "I2"],
  ["read-quorum-of-one", "contenders", "I4"],
  ["two-holders", "contenders", "I9"],
  ["one-vote-suffices", "takeover", "I11"],
  ["silence-counts", "takeover", "I11"],
] as const)("%s has a shortest way to break the register", { timeout: 300_000 }, (...found) => {
  const [mutant, scope, invariant] = found;
  const { counterexample } = run("--scope", scope, "--mutant", mutant);
  console.log([mutant, ...(counterexample?.steps ?? [])].join("\n  "));
  expect(counterexample?.violation.checker).toBe(invariant);
  expect(counterexample?.steps.length).toBeLessThan(20);
});
