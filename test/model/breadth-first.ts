import type { Violation } from "@holdfast/simulator/history/run";
import { StateSet } from "./state-set.ts";

/** What can be explored: states as numbers, and what may happen in each. */
export interface Explorable {
  /** Numbers of a state. */
  readonly width: number;
  first(): Uint32Array;
  /** Puts what is the same but for names into one form. */
  sort(state: Uint32Array): void;
  visit(
    state: Uint32Array,
    then: (after: Uint32Array, action: unknown, violation: Violation | undefined) => void,
  ): void;
}

/** How far an exploration went. */
export interface Extent {
  readonly states: number;
  /** Things that could happen in them, all together. */
  readonly transitions: number;
  /** Things that happened one after the other, on the longest of the shortest ways to a state. */
  readonly depth: number;
  /** Every state of the scope was reached. */
  readonly isComplete: boolean;
  readonly elapsedMs: number;
  /** Of one core; less than the time that passed where others use it too. */
  readonly cpuMs: number;
  readonly memoryMiB: number;
}

/** In which state something broke. */
export interface Broken {
  readonly at: number;
  readonly violation: Violation;
}

/** The states that were reached, by the order in which they were. */
export interface Reached {
  readonly extent: Extent;
  readonly seen: StateSet;
  readonly broken: Broken | undefined;
}

/**
 * Goes through every state, the nearest first, until something breaks or there are `statesMax`.
 * `check` looks at a state by itself.
 */
export function breadthFirst(
  model: Explorable,
  statesMax: number,
  check: (state: Uint32Array) => Violation | undefined = () => undefined,
): Reached {
  const startedMs = performance.now();
  const startedCpu = process.cpuUsage();
  const seen = new StateSet(model.width);
  const first = model.first();
  model.sort(first);
  seen.add(first, 0);
  const state = new Uint32Array(model.width);
  let broken: Broken | undefined;
  let depth = 0;
  let transitions = 0;
  let levelEnd = 1;
  let at = 0;
  for (; at < seen.size && broken === undefined && seen.size < statesMax; at++) {
    if (at === levelEnd) {
      depth++;
      levelEnd = seen.size;
    }
    seen.read(at, state);
    const violation = check(state);
    if (violation !== undefined) broken = { at, violation };
    model.visit(state, (after, _action, found) => {
      transitions++;
      if (found !== undefined) broken ??= { at, violation: found };
      model.sort(after);
      seen.add(after, at);
    });
  }
  const cpu = process.cpuUsage(startedCpu);
  const extent = {
    states: seen.size,
    transitions,
    depth,
    isComplete: broken === undefined && at === seen.size,
    elapsedMs: performance.now() - startedMs,
    cpuMs: (cpu.user + cpu.system) / 1_000,
    memoryMiB: Math.round(process.memoryUsage().rss / 2 ** 20),
  };
  return { extent, seen, broken };
}
