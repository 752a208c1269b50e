import type { Random } from "@holdfast/base/random";
import type { Simulation } from "./simulation.ts";

/** What can happen to a message on its way, as chances in [0, 1] and ms. */
export interface LinkFaults {
  /** It is lost. */
  readonly lossRate: number;
  /** It arrives twice. */
  readonly duplicateRate: number;
  /** It is late, by up to {@link lateMsMax}: others overtake it. */
  readonly lateRate: number;
  readonly lateMsMax: number;
}

/** A network without faults. */
export const cleanLink: LinkFaults = { lossRate: 0, duplicateRate: 0, lateRate: 0, lateMsMax: 0 };

/** How long an undisturbed message takes. */
export interface LinkDelay {
  readonly minMs: number;
  readonly maxMs: number;
}

/**
 * Carries messages between named places. Every message is on its own: nothing keeps their order,
 * and each direction of a link can be cut by itself.
 */
export class SimulatedNetwork {
  /** Messages that were lost, and that arrived twice. */
  readonly counts = { lost: 0, doubled: 0 };
  readonly #simulation: Simulation;
  readonly #random: Random;
  readonly #delayOf: (from: string, to: string) => LinkDelay;
  readonly #cuts = new Set<string>();
  readonly #slowedMs = new Map<string, number>();
  readonly #copiesMs = new Map<string, number>();
  #faultsOf: (from: string, to: string) => LinkFaults = () => cleanLink;

  /** `delay`: of every link, or of each. */
  constructor(
    simulation: Simulation,
    delay: LinkDelay | ((from: string, to: string) => LinkDelay),
  ) {
    this.#simulation = simulation;
    this.#random = simulation.random();
    this.#delayOf = typeof delay === "function" ? delay : () => delay;
  }

  /** From now on, for every link, or for each. */
  setFaults(faults: LinkFaults | ((from: string, to: string) => LinkFaults)): void {
    this.#faultsOf = typeof faults === "function" ? faults : () => faults;
  }

  /** Nothing gets from `from` to `to` any more; the way back is not touched. */
  cut(from: string, to: string): void {
    this.#cuts.add(`${from}>${to}`);
    this.#simulation.trace.record(this.#simulation.nowMs, "cut", from, to);
  }

  mend(from: string, to: string): void {
    this.#cuts.delete(`${from}>${to}`);
    this.#simulation.trace.record(this.#simulation.nowMs, "mend", from, to);
  }

  /** The next message from `from` to `to` arrives a second time, `delayMs` later. */
  copyNext(from: string, to: string, delayMs: number): void {
    this.#copiesMs.set(`${from}>${to}`, delayMs);
  }

  /** Everything from `from` to `to` takes this much longer; 0 undoes it. */
  slow(from: string, to: string, extraMs: number): void {
    this.#slowedMs.set(`${from}>${to}`, extraMs);
    this.#simulation.trace.record(this.#simulation.nowMs, "slow", from, to, extraMs);
  }

  mendAll(): void {
    this.#cuts.clear();
    this.#slowedMs.clear();
  }

  isCut(from: string, to: string): boolean {
    return this.#cuts.has(`${from}>${to}`);
  }

  /**
   * Calls `arrive` once for each copy that gets through, each after a delay of its own. False when
   * none will; only whoever plays the part of a transport may make use of that.
   */
  send(from: string, to: string, arrive: () => void): boolean {
    const faults = this.#faultsOf(from, to);
    const delay = this.#delayOf(from, to);
    const link = `${from}>${to}`;
    const lost = this.#random.next() < faults.lossRate;
    if (lost || this.#cuts.has(link)) {
      this.counts.lost++;
      this.#simulation.trace.record(this.#simulation.nowMs, "lost", from, to);
      return false;
    }
    const extraMs = this.#slowedMs.get(link) ?? 0;
    this.#simulation.after(this.#delayMs(delay, faults) + extraMs, arrive);
    const copyMs = this.#copiesMs.get(link);
    if (copyMs !== undefined) {
      this.#copiesMs.delete(link);
      this.#simulation.after(copyMs, arrive);
    }
    if (this.#random.next() < faults.duplicateRate) {
      this.counts.doubled++;
      this.#simulation.trace.record(this.#simulation.nowMs, "doubled", from, to);
      this.#simulation.after(this.#delayMs(delay, faults) + extraMs, arrive);
    }
    return true;
  }

  #delayMs({ minMs, maxMs }: LinkDelay, faults: LinkFaults): number {
    const usualMs = minMs + this.#random.next() * (maxMs - minMs);
    if (this.#random.next() >= faults.lateRate) return usualMs;
    return usualMs + this.#random.next() * faults.lateMsMax;
  }
}
