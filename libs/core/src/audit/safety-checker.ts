import { invariant } from "@holdfast/base/invariant";
import { LockWatch, type SavedLock } from "./lock-watch.ts";
import type { GapSeen, SafetyStep, SafetyViolation } from "./safety-step.ts";

/** What a checker is told at its start. */
export interface CheckerOptions {
  /** At least 1. How many locks are remembered; past it, locks are forgotten (see the class). */
  readonly locksMax: number;
  /**
   * The steps to come begin with the history itself. Otherwise grants may stand of which nothing
   * was seen, and a lock's ends need no grant until the lock was exclusive once.
   */
  readonly isFromBeginning: boolean;
}

/** The checker's memory as plain JSON. */
export interface SavedChecker {
  readonly format: 1;
  readonly hasForgotten: boolean;
  /** Least recently used first. */
  readonly held: readonly (readonly [lock: string, SavedLock])[];
  readonly idle: readonly (readonly [lock: string, SavedLock])[];
}

const format = 1;

/**
 * Watches from the outside that no lock is ever granted twice: it replays what happened to each
 * lock and answers every step with the rules it breaks. It trusts nothing of the protocol but the
 * order of a lock's steps inside one cluster.
 *
 * A step that was seen already, by its position, changes nothing; so a checker that was saved may
 * be given everything since then once more, and a journal may produce again what it is not sure of.
 *
 * Memory: per lock its live holders and its last token, and of a global lock a bounded number of
 * tenures that have ended and may still be confirmed; at most `locksMax` locks. Beyond that the
 * lock that was idle for longest goes, and if all are held, the one that nothing happened to for
 * longest. That can hide a violation and cannot invent one: whoever may have been forgotten is
 * given the benefit of the doubt, in that from then on a lock that is seen for the first time may
 * have ends without a grant, until it was exclusive once: by then, all before must have ended.
 */
export class SafetyChecker {
  readonly #locksMax: number;
  /** Both in the order of their last use. */
  readonly #held = new Map<string, LockWatch>();
  readonly #idle = new Map<string, LockWatch>();
  #hasForgotten: boolean;

  constructor({ locksMax, isFromBeginning }: CheckerOptions) {
    invariant(locksMax >= 1, "a checker remembers a lock");
    this.#locksMax = locksMax;
    this.#hasForgotten = !isFromBeginning;
  }

  /** Goes on from what {@link SafetyChecker.save} gave, with the steps since or some before. */
  static restore(saved: SavedChecker, locksMax: number): SafetyChecker {
    invariant(saved.format === format, `a saved checker of format ${saved.format}`);
    const isFromBeginning = !saved.hasForgotten;
    const checker = new SafetyChecker({ locksMax, isFromBeginning });
    for (const [lock, watch] of saved.held) checker.#held.set(lock, LockWatch.restore(watch));
    for (const [lock, watch] of saved.idle) checker.#idle.set(lock, LockWatch.restore(watch));
    checker.#forget();
    return checker;
  }

  /** All that it remembers. */
  save(): SavedChecker {
    const { held, idle } = { held: [...this.#held], idle: [...this.#idle] };
    return {
      format,
      hasForgotten: this.#hasForgotten,
      held: held.map(([lock, watch]) => [lock, watch.save()] as const),
      idle: idle.map(([lock, watch]) => [lock, watch.save()] as const),
    };
  }

  /** Locks that are remembered. */
  get locks(): number {
    return this.#held.size + this.#idle.size;
  }

  /** What the step proves to have gone wrong; nearly always nothing. */
  step(step: SafetyStep): SafetyViolation[] {
    if (step.kind === "gap") {
      this.#gap(step);
      return [];
    }
    const { lock, position, atMs } = step;
    const watch = this.#take(lock) ?? new LockWatch(this.#hasForgotten);
    const findings = watch.step(step);
    this.#keep(lock, watch);
    this.#forget();
    return findings.map((finding) => ({ ...finding, lock, position, atMs }));
  }

  #gap(step: GapSeen): void {
    if (step.lock === undefined) {
      for (const watch of this.#held.values()) watch.gap(step);
      for (const watch of this.#idle.values()) watch.gap(step);
    } else (this.#held.get(step.lock) ?? this.#idle.get(step.lock))?.gap(step);
  }

  #take(lock: string): LockWatch | undefined {
    const watch = this.#held.get(lock) ?? this.#idle.get(lock);
    this.#held.delete(lock);
    this.#idle.delete(lock);
    return watch;
  }

  #keep(lock: string, watch: LockWatch): void {
    (watch.isIdle ? this.#idle : this.#held).set(lock, watch);
  }

  #forget(): void {
    while (this.locks > this.#locksMax) {
      const from = this.#idle.size > 0 ? this.#idle : this.#held;
      const [oldest] = from.keys();
      invariant(oldest !== undefined, "there is a lock to forget");
      from.delete(oldest);
      this.#hasForgotten = true;
    }
  }
}
