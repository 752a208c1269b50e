import type { Clock, Timer } from "@holdfast/base/clock";
import type { Timeline } from "./timeline.ts";

/**
 * A process's own clock: it runs a little fast or slow, its wall side jumps, and while the process
 * is paused nothing of it runs.
 */
export class DriftingClock implements Clock {
  readonly #timeline: Timeline;
  readonly #rate: number;
  #wallAheadMs = 0;
  #pausedUntilMs = 0;

  constructor(timeline: Timeline, rate: number) {
    this.#timeline = timeline;
    this.#rate = rate;
  }

  monotonicMs(): number {
    return this.#timeline.nowMs * this.#rate;
  }

  wallMs(): number {
    return this.monotonicMs() + this.#wallAheadMs;
  }

  /** Somebody sets the wall clock. */
  jump(byMs: number): void {
    this.#wallAheadMs += byMs;
  }

  /** The process stands still for so long. */
  pause(lengthMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.#timeline.nowMs + lengthMs);
  }

  /** Runs it now, or when the process goes on. */
  run(what: () => void): void {
    const leftMs = this.#pausedUntilMs - this.#timeline.nowMs;
    if (leftMs <= 0) what();
    else this.#timeline.after(leftMs, () => this.run(what));
  }

  schedule(delayMs: number, callback: () => void): Timer {
    const event = this.#timeline.after(delayMs / this.#rate, () => {
      if (this.#pausedUntilMs <= this.#timeline.nowMs) callback();
      else this.run(() => isCancelled || callback());
    });
    let isCancelled = false;
    return {
      cancel: () => {
        isCancelled = true;
        event.run = undefined;
      },
    };
  }
}
