import type { Clock, Timer } from "./clock.ts";

/** Taken when the module loads, so that a test runner's fake timers cannot stop it. */
const immediate = setImmediate;

/** Resolves once every promise that can settle by itself has settled. */
export function settled(): Promise<void> {
  return new Promise((resolve) => immediate(resolve));
}

/** One callback that waits for its time. */
interface Entry {
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/**
 * A clock that moves only when told to, for tests: the same calls give the same run.
 *
 * Besides passing time it can do what real machines do to a lease: stall the process (time passes
 * and no timer runs) and suspend it (only the wall clock notices).
 */
export class ManualClock implements Clock {
  #monotonicMs: number;
  #wallMs: number;
  #order = 0;
  readonly #entries = new Set<Entry>();

  /** Starts at monotonic 0 and at 2026-01-01 UTC unless told otherwise. */
  constructor(start: { readonly monotonicMs?: number; readonly wallMs?: number } = {}) {
    this.#monotonicMs = start.monotonicMs ?? 0;
    this.#wallMs = start.wallMs ?? Date.UTC(2026, 0, 1);
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  wallMs(): number {
    return this.#wallMs;
  }

  schedule(delayMs: number, callback: () => void): Timer {
    const dueMs = this.#monotonicMs + Math.max(0, delayMs);
    const entry: Entry = { dueMs, order: this.#order++, callback };
    this.#entries.add(entry);
    return { cancel: () => this.#entries.delete(entry) };
  }

  /** How many callbacks wait; 0 after everything was closed, or something leaks timers. */
  get pendingTimers(): number {
    return this.#entries.size;
  }

  /** Lets `durationMs` pass: each timer runs at its time, and promises settle after each. */
  async advance(durationMs: number): Promise<void> {
    const untilMs = this.#monotonicMs + durationMs;
    await settled();
    for (;;) {
      const next = this.#earliest();
      if (next === undefined || next.dueMs > untilMs) break;
      this.#pass(Math.max(0, next.dueMs - this.#monotonicMs));
      this.#entries.delete(next);
      next.callback();
      await settled();
    }
    this.#pass(Math.max(0, untilMs - this.#monotonicMs));
  }

  /** The process stands still: time passes and nothing runs. Timers run late, at the next advance. */
  stall(durationMs: number): void {
    this.#pass(durationMs);
  }

  /** The machine sleeps: the wall clock goes on and the monotonic clock does not. */
  suspend(durationMs: number): void {
    this.#wallMs += durationMs;
  }

  #pass(durationMs: number): void {
    this.#monotonicMs += durationMs;
    this.#wallMs += durationMs;
  }

  #earliest(): Entry | undefined {
    let earliest: Entry | undefined;
    for (const entry of this.#entries) {
      if (earliest === undefined || entry.dueMs < earliest.dueMs) earliest = entry;
    }
    return earliest;
  }
}
