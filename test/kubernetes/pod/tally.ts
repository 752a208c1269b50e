import type { LoadFigures } from "./settings.ts";

/** Failures that are told in so many words; all are counted. */
const toldMax = 20;

/** Counts what clients meet. */
export class Tally {
  readonly #failures: string[] = [];
  readonly #violations: string[] = [];
  readonly #lost: string[] = [];
  readonly #tookMs: number[] = [];
  readonly #pauses = new Map<string, { lastMs: number; longestMs: number; done: number }>();
  readonly #nowMs: () => number;
  #operations = 0;
  #failureCount = 0;
  #handovers = 0;
  #kept = 0;
  #endedMs: number | undefined;

  /** `nowMs` only goes forward. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** From now on a time without an operation of this region counts as a pause. */
  begin(region: string): void {
    this.#pauses.set(region, { lastMs: this.#nowMs(), longestMs: 0, done: 0 });
  }

  /** What is done from now on is no pause: everybody ends their work. */
  end(): void {
    this.#endedMs = this.#nowMs();
  }

  /** Does something that may fail, and is timed; undefined where it failed. */
  async timed<T>(region: string, what: string, work: () => Promise<T>): Promise<T | undefined> {
    const beganMs = this.#nowMs();
    const result = await this.tried(what, work);
    const endedMs = this.#nowMs();
    this.#tookMs.push(endedMs - beganMs);
    if (result !== undefined) this.#endPause(region, endedMs);
    return result;
  }

  /** The same without its time, for what waits in line. */
  async tried<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.fail(`${what}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    } finally {
      this.#operations++;
    }
  }

  /** An operation came to something else than what was asked for. */
  fail(what: string): void {
    this.#failureCount++;
    if (this.#failures.length < toldMax) this.#failures.push(what);
  }

  /** A promise was broken. */
  violate(what: string): void {
    if (this.#violations.length < toldMax) this.#violations.push(what);
  }

  /** A lock that was to be kept is gone. */
  lose(what: string): void {
    this.#lost.push(what);
  }

  /** One lock more is kept. */
  keep(): void {
    this.#kept++;
  }

  /** A lock went on to its next holder. */
  handOver(): void {
    this.#handovers++;
  }

  /** All of it; a pause that still lasts counts. */
  figures(): LoadFigures {
    const sorted = this.#tookMs.toSorted((one, two) => one - two);
    const nowMs = this.#endedMs ?? this.#nowMs();
    const pauses = [...this.#pauses].map(([region, { lastMs, longestMs }]) => {
      return [region, Math.round(Math.max(longestMs, nowMs - lastMs))] as const;
    });
    const done = [...this.#pauses].map(([region, each]) => [region, each.done] as const);
    return {
      operations: this.#operations,
      byRegion: Object.fromEntries(done),
      failures: this.#failures,
      failureCount: this.#failureCount,
      violations: this.#violations,
      lost: this.#lost,
      kept: this.#kept,
      p99Ms: Math.round(sorted[Math.floor(sorted.length * 0.99)] ?? 0),
      longestMs: Math.round(sorted.at(-1) ?? 0),
      longestPauseMs: Object.fromEntries(pauses),
      handovers: this.#handovers,
    };
  }

  #endPause(region: string, endedMs: number): void {
    const pause = this.#pauses.get(region);
    if (pause === undefined || this.#endedMs !== undefined) return;
    pause.longestMs = Math.max(pause.longestMs, endedMs - pause.lastMs);
    pause.lastMs = endedMs;
    pause.done++;
  }
}
