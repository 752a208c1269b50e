import { invariant } from "@holdfast/base/invariant";
import { type Random, SeededRandom } from "@holdfast/base/random";
import { EventQueue, type ScheduledEvent } from "./event-queue.ts";
import { makeMicrotaskDrain } from "./microtasks.ts";
import { Trace } from "./trace.ts";

/** How a run came to its end. */
export type RunEnd = "idle" | "time" | "events";

/** What a run is made from. */
export interface SimulationOptions {
  readonly seed: number;
  /** Keep the lines of the trace, to be printed. */
  readonly keepTrace?: boolean;
}

/**
 * Virtual time: one queue of events, run one by one on one thread, each followed by every promise
 * job it led to. Time passes only between events. `nowMs` is the true time, which no process of the
 * simulated world can see; they have clocks ({@link SimulatedProcess}).
 */
export class Simulation {
  readonly seed: number;
  readonly trace: Trace;
  readonly #queue = new EventQueue();
  readonly #drain = makeMicrotaskDrain();
  #nowMs = 0;
  #eventsRun = 0;
  #streams = 0;

  constructor(options: SimulationOptions) {
    this.seed = options.seed;
    this.trace = new Trace(options.keepTrace ?? false);
  }

  /** True time in ms since the run began. */
  get nowMs(): number {
    return this.#nowMs;
  }

  get eventsRun(): number {
    return this.#eventsRun;
  }

  /**
   * A random stream of its own: what one part of the world draws does not shift what another one
   * gets, so a change in one place leaves the rest of a seed's run recognisable.
   */
  random(): Random {
    this.#streams++;
    return new SeededRandom(
      Math.imul(this.seed, 0x9e3779b1) ^ Math.imul(this.#streams, 0x85ebca6b),
    );
  }

  /** Runs `run` after `delayMs` (>= 0) of true time. */
  after(delayMs: number, run: () => void): ScheduledEvent {
    invariant(delayMs >= 0, `an event cannot happen ${-delayMs} ms ago`);
    return this.#queue.add(this.#nowMs + delayMs, run);
  }

  /** Runs until nothing is left, until `untilMs` of true time, or for `eventsMax` events. */
  run(untilMs: number, eventsMax: number = Number.MAX_SAFE_INTEGER): RunEnd {
    this.#drain();
    for (let budget = eventsMax; budget > 0; budget--) {
      const atMs = this.#queue.nextAtMs();
      if (atMs === undefined || atMs > untilMs) {
        if (Number.isFinite(untilMs)) this.#nowMs = Math.max(this.#nowMs, untilMs);
        return atMs === undefined ? "idle" : "time";
      }
      this.#nowMs = atMs;
      this.#eventsRun++;
      this.#queue.take()();
      this.#drain();
    }
    return "events";
  }
}
