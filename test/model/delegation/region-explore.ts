import type { Violation } from "@holdfast/simulator/history/run";
import type { Exploration, ExploreOptions } from "../explore.ts";
import { StateSet } from "../state-set.ts";
import type { RegionState, RegionStep } from "./region-action.ts";
import { RegionModel } from "./region-model.ts";
import type { RegionScope } from "./region-scope.ts";
import { regionLanes, regionScenes } from "./region-story.ts";

/** Breadth first through everything that may happen to a delegated lock in a scope. */
export function exploreRegion(scope: RegionScope, options: ExploreOptions = {}): Exploration {
  const { statesMax = 2_000_000, isExact = false } = options;
  const startedMs = performance.now();
  const startedCpu = process.cpuUsage();
  const model = new RegionModel(scope, isExact);
  const seen = new StateSet(model.width);
  const first = model.first();
  model.sort(first);
  seen.add(first, 0);
  const state = new Uint32Array(model.width);
  let broken: { readonly at: number; readonly violation: Violation } | undefined;
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
    model.visit(state, (after, _action, violation) => {
      transitions++;
      if (violation !== undefined) broken ??= { at, violation };
      model.sort(after);
      seen.add(after, at);
    });
  }
  const cpu = process.cpuUsage(startedCpu);
  const found = {
    states: seen.size,
    transitions,
    depth,
    isComplete: broken === undefined && at === seen.size,
    elapsedMs: performance.now() - startedMs,
    cpuMs: (cpu.user + cpu.system) / 1_000,
    memoryMiB: Math.round(process.memoryUsage().rss / 2 ** 20),
  };
  if (broken === undefined) return found;
  const { violation } = broken;
  const steps = retrace(model, seen, broken.at, violation);
  return {
    ...found,
    counterexample: {
      violation,
      steps: steps.length,
      lanes: regionLanes(scope),
      scenes: regionScenes(model, steps),
      facts: [],
    },
  };
}

/** The way to the violation, walked again: states are kept without the names of coordinators. */
function retrace(model: RegionModel, seen: StateSet, last: number, violation: Violation) {
  const numbers: number[] = [];
  for (let at = last; at !== 0; at = seen.before(at)) numbers.push(at);
  numbers.reverse();
  const steps: RegionStep[] = [];
  let state = model.first();
  const goal = new Uint32Array(model.width);
  for (const number of numbers) {
    seen.read(number, goal);
    const step = walk(model, state, (sorted) => sorted.every((each, at) => each === goal[at]));
    steps.push(step);
    state = step.after;
  }
  const { message } = violation;
  steps.push(walk(model, state, (_, found) => found?.message === message));
  return steps;
}

function walk(
  model: RegionModel,
  before: RegionState,
  isWanted: (sorted: RegionState, violation: Violation | undefined) => boolean,
): RegionStep {
  let step: RegionStep | undefined;
  model.visit(before, (after, action, violation) => {
    if (step !== undefined) return;
    const sorted = after.slice();
    model.sort(sorted);
    if (isWanted(sorted, violation)) step = { before, action, after: after.slice() };
  });
  if (step === undefined) throw new Error("what was found once is found again");
  return step;
}
