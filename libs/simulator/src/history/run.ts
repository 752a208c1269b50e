import type { BeliefEntry, HistoryEntry } from "./history.ts";
import { type LockStep, lockSteps, type Place, type Tenure } from "./lock-step.ts";

/** A stretch of true time, and of the history, in which an application believed in a grant. */
export interface Belief {
  readonly client: string;
  readonly request: string;
  readonly lock: string;
  readonly grantId: string;
  readonly exclusive: boolean;
  readonly token: bigint;
  readonly fromMs: number;
  readonly fromOrder: number;
  /** Infinity where it lasted to the end. */
  toMs: number;
  toOrder: number;
}

/** How long things may take before they count as not happening; from the world's own settings. */
export interface Patience {
  /** A waiter of a living client at the head of a free lock, with nothing disturbed. */
  readonly promotionMs: number;
  /** An answer, past the wait that was asked for, with nothing disturbed. */
  readonly answerMs: number;
  /** A grant under a session that its living client does not know. */
  readonly unknownGrantMs: number;
  /** A grant whose client is silent, past its ttl. */
  readonly silenceMs: number;
}

/** A history with what the checkers ask of it worked out once. */
export interface Run {
  readonly history: readonly HistoryEntry[];
  readonly steps: readonly LockStep[];
  readonly tenures: readonly Tenure[];
  readonly places: readonly Place[];
  readonly beliefs: readonly Belief[];
  readonly patience: Patience;
  /** When nothing was injected any more; Infinity if that never came. */
  readonly healedAtMs: number;
  readonly endMs: number;
}

/** Something that must not happen. */
export interface Violation {
  readonly checker: string;
  readonly atMs: number;
  readonly message: string;
}

/** Looks for one kind of violation. */
export interface Checker {
  readonly name: string;
  check(run: Run): Violation[];
}

/** Works a history out. `endMs`: the true time the run stopped at. */
export function readRun(history: readonly HistoryEntry[], endMs: number, patience: Patience): Run {
  const steps = lockSteps(history);
  return {
    history,
    steps,
    tenures: steps.flatMap((step) => step.granted),
    places: steps.flatMap((step) => step.queued),
    beliefs: beliefsOf(history),
    patience,
    healedAtMs: history.find((entry) => entry.kind === "healed")?.atMs ?? Number.POSITIVE_INFINITY,
    endMs,
  };
}

function beliefsOf(history: readonly HistoryEntry[]): Belief[] {
  const open = new Map<string, Belief>();
  const beliefs: Belief[] = [];
  for (const [order, entry] of history.entries()) {
    if (entry.kind !== "belief") continue;
    const key = `${entry.client} ${entry.request}`;
    const current = open.get(key);
    if (entry.believes && current === undefined) {
      const belief = begun(entry, order);
      open.set(key, belief);
      beliefs.push(belief);
    } else if (!entry.believes && current !== undefined) {
      current.toMs = entry.atMs;
      current.toOrder = order;
      open.delete(key);
    }
  }
  return beliefs;
}

function begun(entry: BeliefEntry, order: number): Belief {
  const { client, request, lock, grantId, token } = entry;
  return {
    client,
    request,
    lock,
    grantId,
    exclusive: entry.mode === "exclusive",
    token,
    fromMs: entry.atMs,
    fromOrder: order,
    toMs: Number.POSITIVE_INFINITY,
    toOrder: Number.POSITIVE_INFINITY,
  };
}
