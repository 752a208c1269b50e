import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Mutant } from "../simulation/mutants.ts";
import type { Exploration } from "./explore.ts";
import { huntsFor, whyHidden } from "./mutant-plan.ts";
import type { Hunted } from "./print.ts";

const main = fileURLToPath(new URL("./main.ts", import.meta.url));

/**
 * Looks for a mutant in one scope after the other, each in a process of its own: what is loaded
 * once cannot be sabotaged any more.
 */
export function hunt(mutant: Mutant): Hunted {
  const { name, phrase } = mutant;
  const why = whyHidden(mutant);
  const base = { name, phrase, missed: 0, states: 0, elapsedMs: 0, why };
  if (why !== undefined) return base;
  const hunted = { ...base };
  for (const { scope, isExact, statesMax } of huntsFor(name)) {
    const args = ["--scope", scope, "--mutant", name, "--states", `${statesMax}`];
    const result = exploreApart([...args, ...(isExact ? ["--exact"] : [])]);
    hunted.states += result.states;
    hunted.elapsedMs += result.elapsedMs;
    if (result.counterexample !== undefined)
      return { ...hunted, found: { scope, isExact, result } };
    hunted.missed++;
  }
  return hunted;
}

/** An exploration in a process of its own; `args` as `npm run model` takes them. */
export function exploreApart(args: readonly string[]): Exploration {
  const { stdout, stderr } = spawnSync(process.execPath, [main, "--json", ...args], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (stdout === "") throw new Error(`the exploration ended without a result: ${stderr}`);
  return JSON.parse(stdout) as Exploration;
}
