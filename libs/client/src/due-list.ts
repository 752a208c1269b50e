import type { Clock, Timer } from "@holdfast/base/clock";

/** Something that has to happen at its time unless it is removed before. */
export interface Due {
  readonly dueMs: number;
  onDue(): void;
}

/**
 * Entries are run up to this much late, so that one timer serves those that fall close together.
 */
const grainMs = 25;

/** A timer that runs this much late tells of a process that stood still. */
const stallMs = 100;

/**
 * Many deadlines, one timer. Nearly every deadline of a request is removed unused; a timer for each
 * would cost more than the rest of the request's bookkeeping.
 */
export class DueList {
  readonly #clock: Clock;
  readonly #entries = new Set<Due>();
  #timer: Timer | undefined;
  #timerDueMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs `entry.onDue` once, no earlier than its time. */
  add(entry: Due): void {
    this.#entries.add(entry);
    if (entry.dueMs < this.#timerDueMs - grainMs) this.#arm(entry.dueMs);
  }

  remove(entry: Due): void {
    this.#entries.delete(entry);
  }

  /** Forgets everything. */
  clear(): void {
    this.#entries.clear();
    this.#disarm();
  }

  #arm(dueMs: number): void {
    this.#disarm();
    this.#timerDueMs = dueMs;
    const delayMs = Math.max(0, dueMs - this.#clock.monotonicMs());
    this.#timer = this.#clock.schedule(delayMs, () => this.#run());
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerDueMs = Number.POSITIVE_INFINITY;
  }

  #run(): void {
    const nowMs = this.#clock.monotonicMs();
    const lateMs = nowMs - this.#timerDueMs;
    this.#disarm();
    if (lateMs > stallMs) {
      // The process stood still. What it waits for may have come and not been read yet: let it be
      // read first, or a stall would end every request that was under way.
      this.#arm(nowMs + grainMs);
      return;
    }
    let nextMs = Number.POSITIVE_INFINITY;
    const due: Due[] = [];
    for (const entry of this.#entries) {
      if (entry.dueMs <= nowMs) due.push(entry);
      else nextMs = Math.min(nextMs, entry.dueMs);
    }
    for (const entry of due) {
      // One that ran before it may have removed it.
      if (this.#entries.delete(entry)) entry.onDue();
    }
    if (nextMs < this.#timerDueMs) this.#arm(Math.max(nextMs, nowMs + grainMs));
  }
}
