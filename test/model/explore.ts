import type { Violation } from "@holdfast/simulator/history/run";
import { type Broken, breadthFirst, type Extent } from "./breadth-first.ts";
import { type Fact, factsOf } from "./facts.ts";
import { type Action, Model } from "./model.ts";
import { retrace } from "./retrace.ts";
import type { Scope } from "./scope.ts";
import { type Solo, Solos } from "./solo.ts";
import { soloScenes } from "./solo-story.ts";
import type { StateSet } from "./state-set.ts";
import { type Lane, lanesOf, type Scene, storyOf } from "./story.ts";

/** What an exploration came to. */
export interface Exploration extends Extent {
  readonly counterexample?: Counterexample;
}

/** A shortest way to break the register: nothing shorter breaks it in this scope. */
export interface Counterexample {
  readonly violation: Violation;
  /** Messages that arrive, decisions and faults. */
  readonly steps: number;
  readonly lanes: readonly Lane[];
  readonly scenes: readonly Scene[];
  readonly facts: readonly Fact[];
}

/** How far to go. */
export interface ExploreOptions {
  readonly statesMax?: number;
  /** Leave nothing out that could make a difference to a sabotaged build; far more states. */
  readonly isExact?: boolean;
  /** Look in each state whether everybody who is left alone is answered. */
  readonly isLive?: boolean;
}

/** Breadth first through everything that may happen in a scope, over the real core. */
export function explore(scope: Scope, options: ExploreOptions = {}): Exploration {
  const { statesMax = 2_000_000, isExact = false, isLive = true } = options;
  const model = new Model(scope, isExact);
  const solos = new Solos(model);
  let solo: Solo | undefined;
  const { extent, seen, broken } = breadthFirst(model, statesMax, (state) => {
    solo = isLive ? solos.check(state) : undefined;
    return solo?.violation;
  });
  if (broken === undefined) return extent;
  return { ...extent, counterexample: tell(model, seen, { ...broken, ...(solo && { solo }) }) };
}

function tell(
  model: Model,
  seen: StateSet,
  { at, violation, solo }: Broken & { readonly solo?: Solo },
): Counterexample {
  const steps = retrace(model, seen, at, solo === undefined ? violation : undefined);
  const scenes = storyOf(model, steps);
  if (solo === undefined) {
    const last = steps.at(-1);
    return {
      violation: last === undefined ? violation : named(last.action, violation),
      steps: steps.length,
      lanes: lanesOf(model),
      scenes,
      facts: factsOf(model, steps, violation),
    };
  }
  const state = steps.at(-1)?.after ?? model.first();
  const alone = new Solos(model).check(state) ?? solo;
  return {
    violation: alone.violation,
    steps: steps.length + alone.steps.length,
    lanes: lanesOf(model),
    scenes: [...scenes, ...soloScenes(model, alone)],
    facts: factsOf(model, steps, alone.violation),
  };
}

/** The checks of a single region do not know which one it is. */
function named(action: Action, violation: Violation): Violation {
  if (action.kind !== "move") return violation;
  const message = violation.message.replace(/region \d/, `R${action.region + 1}`);
  return { ...violation, message };
}
