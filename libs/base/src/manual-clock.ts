import type { Clock, Timer } from "./clock.ts";

/** Taken when the module loads, so that a test runner's fake timers cannot stop it. */
const immediate = setImmediate;

/** Resolves once every promise that can settle by itself has settled. */
export function settled(): Promise<void> {
  return new Promise((resolve) => immediate(resolve));
}

/** One callback that waits for its time; undefined once it ran or was cancelled. */
interface Entry {
  readonly dueMs: number;
  readonly order: number;
  callback: (() => void) | undefined;
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
  /** A binary heap, the earliest first; cancelled entries stay until they come up. */
  readonly #heap: Entry[] = [];
  #pending = 0;

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
    this.#push(entry);
    return { cancel: () => this.#retire(entry) };
  }

  /** How many callbacks wait; 0 after everything was closed, or something leaks timers. */
  get pendingTimers(): number {
    return this.#pending;
  }

  /** Lets `durationMs` pass: each timer runs at its time, and promises settle after each. */
  async advance(durationMs: number): Promise<void> {
    const untilMs = this.#monotonicMs + durationMs;
    await settled();
    for (;;) {
      const next = this.#earliest();
      if (next === undefined || next.dueMs > untilMs) break;
      this.#pass(Math.max(0, next.dueMs - this.#monotonicMs));
      const { callback } = next;
      this.#retire(next);
      callback?.();
      await settled();
    }
    this.#pass(Math.max(0, untilMs - this.#monotonicMs));
  }

  /**
   * The process stands still: time passes and nothing runs. Timers run late, at the next advance.
   */
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

  #retire(entry: Entry): void {
    if (entry.callback === undefined) return;
    entry.callback = undefined;
    this.#pending -= 1;
  }

  /** The next entry to run, without the retired ones before it. */
  #earliest(): Entry | undefined {
    while (this.#heap[0] !== undefined && this.#heap[0].callback === undefined) this.#pop();
    return this.#heap[0];
  }

  #push(entry: Entry): void {
    this.#pending += 1;
    const heap = this.#heap;
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as Entry;
      if (!isBefore(entry, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const right = heap[left + 1];
      const child = right !== undefined && isBefore(right, heap[left] as Entry) ? left + 1 : left;
      const below = heap[child];
      if (below === undefined || !isBefore(below, last)) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = last;
  }
}

function isBefore(left: Entry, right: Entry): boolean {
  return left.dueMs === right.dueMs ? left.order < right.order : left.dueMs < right.dueMs;
}
