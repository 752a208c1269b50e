import type { Violation } from "@holdfast/simulator/history/run";
import { type Fact, factsOf } from "./facts.ts";
import { type Action, Model } from "./model.ts";
import { retrace } from "./retrace.ts";
import type { Scope } from "./scope.ts";
import { type Solo, Solos } from "./solo.ts";
import { soloScenes } from "./solo-story.ts";
import { StateSet } from "./state-set.ts";
import { type Lane, lanesOf, type Scene, storyOf } from "./story.ts";

/** What an exploration came to. */
export interface Exploration {
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
  const startedMs = performance.now();
  const startedCpu = process.cpuUsage();
  const model = new Model(scope, isExact);
  const seen = new StateSet(model.width);
  const first = model.first();
  model.sort(first);
  seen.add(first, 0);
  const solos = new Solos(model);
  const state = new Uint32Array(model.width);
  let broken:
    | { readonly at: number; readonly violation: Violation; readonly solo?: Solo }
    | undefined;
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
    const solo = isLive ? solos.check(state) : undefined;
    if (solo !== undefined) broken = { at, violation: solo.violation, solo };
    model.visit(state, (after, _action, violation) => {
      transitions++;
      if (violation !== undefined) broken ??= { at, violation };
      model.sort(after);
      seen.add(after, at);
    });
  }
  const found = {
    states: seen.size,
    transitions,
    depth,
    isComplete: broken === undefined && at === seen.size,
    elapsedMs: performance.now() - startedMs,
    cpuMs: (process.cpuUsage(startedCpu).user + process.cpuUsage(startedCpu).system) / 1_000,
    memoryMiB: Math.round(process.memoryUsage().rss / 2 ** 20),
  };
  if (broken === undefined) return found;
  return { ...found, counterexample: tell(model, seen, broken) };
}

function tell(
  model: Model,
  seen: StateSet,
  {
    at,
    violation,
    solo,
  }: { readonly at: number; readonly violation: Violation; readonly solo?: Solo },
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
