import type { Clock, Timer } from "@holdfast/base/clock";
import { invariant } from "@holdfast/base/invariant";
import type { Random } from "@holdfast/base/random";
import type { Simulation } from "./simulation.ts";

/** How a process's clocks differ from true time. */
export interface ClockSkew {
  /** Speed against true time; the design allows clocks to differ in rate by rho. */
  readonly rate: number;
  /** Reading of the monotonic clock at the start of the run. */
  readonly monotonicStartMs: number;
  /** Reading of the wall clock at the start of the run. */
  readonly wallStartMs: number;
}

/** No skew, for scenarios in which clocks do not matter. */
export const exactClocks: ClockSkew = { rate: 1, monotonicStartMs: 0, wallStartMs: 1.8e12 };

/**
 * `paused`: SIGSTOP or a long collection of garbage; clocks go on. `suspended`: the machine sleeps;
 * wall time goes on and monotonic time stands still. `crashed`: for ever.
 */
export type ProcessState = "running" | "paused" | "suspended" | "crashed";

interface Arrival {
  readonly kind: "timer" | "message";
  readonly run: () => void;
}

/** Clocks of computers run straight, but a timer never fires early by a rounding error. */
const timerSlackMs = 1e-6;

/**
 * One process of the simulated world: its clock, its randomness, and the gate through which timers
 * and messages reach its code. While it is stopped, both wait at the gate; when it has crashed they
 * are dropped, so code of a crashed process never runs again.
 */
export class SimulatedProcess implements Clock {
  readonly name: string;
  readonly random: Random;
  readonly #simulation: Simulation;
  readonly #skew: ClockSkew;
  #state: ProcessState = "running";
  #stoppedAtMs = 0;
  #suspendedMs = 0;
  #wallJumpedMs = 0;
  #timers = 0;
  #backlog: Arrival[] = [];
  #onResume: (() => void) | undefined;

  constructor(simulation: Simulation, name: string, skew: ClockSkew = exactClocks) {
    this.#simulation = simulation;
    this.name = name;
    this.#skew = skew;
    this.random = simulation.random();
  }

  get state(): ProcessState {
    return this.#state;
  }

  get running(): boolean {
    return this.#state === "running";
  }

  monotonicMs(): number {
    const nowMs = this.#state === "suspended" ? this.#stoppedAtMs : this.#simulation.nowMs;
    const awakeMs = nowMs - this.#suspendedMs;
    return this.#skew.monotonicStartMs + this.#skew.rate * awakeMs;
  }

  wallMs(): number {
    return this.#skew.wallStartMs + this.#wallJumpedMs + this.#skew.rate * this.#simulation.nowMs;
  }

  /** Somebody sets the wall clock. */
  jumpWall(byMs: number): void {
    this.#wallJumpedMs += byMs;
    this.#simulation.trace.record(this.#simulation.nowMs, this.name, "wall", byMs);
  }

  /** Timers that have neither fired nor been cancelled. */
  get timers(): number {
    return this.#timers;
  }

  /** True ms that pass while this process's monotonic clock counts `localMs`. */
  trueMs(localMs: number): number {
    return localMs / this.#skew.rate;
  }

  schedule(delayMs: number, callback: () => void): Timer {
    const dueMs = this.monotonicMs() + Math.max(0, delayMs);
    let cancelled = false;
    let isOver = false;
    const end = () => {
      if (!isOver) this.#timers--;
      isOver = true;
    };
    this.#timers++;
    const fire = () => {
      if (cancelled) return;
      const leftMs = dueMs - this.monotonicMs();
      if (leftMs > 0) arm(leftMs);
      else {
        end();
        callback();
      }
    };
    const arm = (localMs: number) => {
      this.#simulation.after(this.trueMs(localMs) + timerSlackMs, () => {
        if (!cancelled) this.#arrive("timer", fire);
      });
    };
    arm(Math.max(0, delayMs));
    return {
      cancel: () => {
        cancelled = true;
        end();
      },
    };
  }

  /** Hands a message or a reply to the process's code: now, or when it runs again. */
  deliver(run: () => void): void {
    this.#arrive("message", run);
  }

  /** Runs `look` at the instant the process runs again, before any timer or message. */
  onResume(look: () => void): void {
    this.#onResume = look;
  }

  pause(): void {
    this.#stop("paused");
  }

  suspend(): void {
    this.#stop("suspended");
  }

  resume(): void {
    if (this.#state !== "paused" && this.#state !== "suspended") return;
    if (this.#state === "suspended") {
      this.#suspendedMs += this.#simulation.nowMs - this.#stoppedAtMs;
    }
    this.#state = "running";
    this.#simulation.trace.record(this.#simulation.nowMs, this.name, "resumed");
    this.#onResume?.();
    const backlog = this.#backlog;
    this.#backlog = [];
    // A process wakes up in the poll of its event loop or before its timers: both happen.
    const first = this.random.next() < 0.5 ? "timer" : "message";
    for (const arrival of backlog) if (arrival.kind === first) this.#again(arrival);
    for (const arrival of backlog) if (arrival.kind !== first) this.#again(arrival);
  }

  crash(): void {
    this.#state = "crashed";
    this.#backlog = [];
    this.#simulation.trace.record(this.#simulation.nowMs, this.name, "crashed");
  }

  #stop(state: "paused" | "suspended"): void {
    invariant(this.running, `${this.name} is ${this.#state} and cannot be ${state}`);
    this.#stoppedAtMs = this.#simulation.nowMs;
    this.#state = state;
    this.#simulation.trace.record(this.#simulation.nowMs, this.name, state);
  }

  #again(arrival: Arrival): void {
    this.#simulation.after(0, () => this.#arrive(arrival.kind, arrival.run));
  }

  #arrive(kind: Arrival["kind"], run: () => void): void {
    if (this.#state === "crashed") return;
    if (this.#state !== "running") {
      this.#backlog.push({ kind, run });
      return;
    }
    run();
  }
}
