import type { Counterexample, Exploration } from "./explore.ts";
import { drawMermaid } from "./mermaid.ts";
import { drawSequence } from "./sequence-diagram.ts";

/** What became of a mutant. */
export interface Hunted {
  readonly name: string;
  readonly phrase: string;
  /** Where it showed, if it did. */
  readonly found?: {
    readonly scope: string;
    readonly isExact: boolean;
    readonly result: Exploration;
  };
  /** Scopes in which it did not show. */
  readonly missed: number;
  readonly states: number;
  readonly elapsedMs: number;
  readonly why: string | undefined;
}

/** A scope by its name, and in a few words. */
export interface Told {
  readonly name: string;
  readonly story: string;
}

/** One line on an exploration. */
export function printExploration({ name, story }: Told, found: Exploration): string {
  const { states, transitions, depth, isComplete, elapsedMs, cpuMs, memoryMiB } = found;
  const size = `${count(states)} states, ${count(transitions)} transitions, ${depth} deep`;
  const cost = `${seconds(elapsedMs)} (${seconds(cpuMs)} of a core), ${memoryMiB} MiB`;
  const end =
    found.counterexample !== undefined
      ? "stopped at a violation"
      : isComplete
        ? "all of the scope, no violation"
        : "not all of the scope, no violation in what was seen";
  return `${name} (${story}): ${size}, ${cost}; ${end}`;
}

/** The way to break the register, and what cannot be at the end of it. */
export function printCounterexample(example: Counterexample, asMermaid: boolean): string {
  const { lanes, scenes, violation, facts, steps } = example;
  if (asMermaid) return drawMermaid(lanes, scenes);
  const diagram = drawSequence(lanes, scenes);
  const lines = facts.map(({ text }) => `  - ${text}`);
  const verdict = `${violation.checker} is broken in ${steps} steps: ${violation.message}`;
  return [diagram, "", verdict, ...lines].join("\n");
}

/** All mutants in a table. */
export function printHunted(all: readonly Hunted[]): string {
  const head = ["mutant", "invariant", "steps", "scope", "states searched", "time", "in words"];
  const rows = all.map(({ name, phrase, found, states, elapsedMs, missed, why }) => {
    const example = found?.result.counterexample;
    if (found !== undefined && example !== undefined) {
      const scope = found.isExact ? `${found.scope}, exact` : found.scope;
      const { checker } = example.violation;
      return [name, checker, `${example.steps}`, scope, count(states), seconds(elapsedMs), phrase];
    }
    const searched = missed === 0 ? "-" : count(states);
    const time = missed === 0 ? "-" : seconds(elapsedMs);
    return [name, "-", "-", "-", searched, time, `cannot show: ${why ?? "was not found"}`];
  });
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)),
  );
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function count(number: number): string {
  return number.toLocaleString("en");
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
