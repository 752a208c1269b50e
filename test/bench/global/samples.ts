import { type Latency, latencyOf } from "../percentile.ts";

/** Times, in ms, by what took them: a step, or the way to a region. */
export class Samples<Step extends string> {
  readonly #noted = new Map<string, number[]>();

  note(what: string, ms: number): void {
    const noted = this.#noted.get(what);
    if (noted === undefined) this.#noted.set(what, [ms]);
    else noted.push(ms);
  }

  async time<T>(step: Step, work: Promise<T>): Promise<T> {
    const startMs = performance.now();
    const value = await work;
    this.note(step, performance.now() - startMs);
    return value;
  }

  latency(what: string): Latency {
    return latencyOf(this.#noted.get(what) ?? []);
  }

  /** Of each of these; NaN where none was noted. */
  latencies(steps: readonly Step[]): Readonly<Record<Step, Latency>> {
    const all = steps.map((step) => [step, this.latency(step)]);
    return Object.fromEntries(all) as Record<Step, Latency>;
  }

  clear(): void {
    this.#noted.clear();
  }
}
