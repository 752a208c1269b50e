import type { Violation } from "@holdfast/simulator/history/run";
import { breadthFirst } from "../breadth-first.ts";
import type { Exploration, ExploreOptions } from "../explore.ts";
import type { StateSet } from "../state-set.ts";
import type { RegionState, RegionStep } from "./region-action.ts";
import { RegionModel } from "./region-model.ts";
import type { RegionScope } from "./region-scope.ts";
import { regionLanes, regionScenes } from "./region-story.ts";

/** Breadth first through everything that may happen to a delegated lock in a scope. */
export function exploreRegion(scope: RegionScope, options: ExploreOptions = {}): Exploration {
  const { statesMax = 2_000_000, isExact = false } = options;
  const model = new RegionModel(scope, isExact);
  const { extent, seen, broken } = breadthFirst(model, statesMax);
  if (broken === undefined) return extent;
  const { violation } = broken;
  const steps = retrace(model, seen, broken.at, violation);
  return {
    ...extent,
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
