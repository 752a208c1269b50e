import type { Violation } from "@holdfast/simulator/history/run";
import type { Action, Model, State } from "./model.ts";
import type { StateSet } from "./state-set.ts";

/** One thing that happened, with the state before and after; regions keep their places. */
export interface Step {
  readonly before: State;
  readonly action: Action;
  readonly after: State;
  readonly violation: Violation | undefined;
}

/**
 * The way to a state, and on to the violation where `toViolation` says so. States are kept without
 * the names of their regions, so the way is walked again, with names.
 */
export function retrace(
  model: Model,
  seen: StateSet,
  last: number,
  toViolation: Violation | undefined,
): Step[] {
  const numbers: number[] = [];
  for (let at = last; at !== 0; at = seen.before(at)) numbers.push(at);
  numbers.reverse();
  const steps: Step[] = [];
  let state = model.first();
  const goal = new Uint32Array(model.width);
  for (const number of numbers) {
    seen.read(number, goal);
    const step = walk(model, state, (sorted, violation) => {
      return violation === undefined && isSame(sorted, goal);
    });
    steps.push(step);
    state = step.after;
  }
  if (toViolation !== undefined) {
    const { checker, message } = toViolation;
    steps.push(
      walk(model, state, (_, found) => found?.checker === checker && found.message === message),
    );
  }
  return steps;
}

function walk(
  model: Model,
  before: State,
  isWanted: (sorted: State, violation: Violation | undefined) => boolean,
): Step {
  let step: Step | undefined;
  model.visit(before, (after, action, violation) => {
    if (step !== undefined) return;
    const sorted = after.slice();
    model.sort(sorted);
    if (isWanted(sorted, violation)) step = { before, action, after: after.slice(), violation };
  });
  if (step === undefined) throw new Error("what was found once is found again");
  return step;
}

function isSame(left: State, right: State): boolean {
  return left.every((number, index) => number === right[index]);
}
