/** Weight of the newest sample: a change of the way shows after some ten answers. */
const weight = 1 / 8;

/** How long answers take, lately, and how long nothing was heard. Times are in ms. */
export class RoundTrip {
  #ms: number | undefined;
  /** The connection is another one: what was measured over the old one counts no more. */
  #isOld = false;
  /** The first question since something was heard. */
  #askedAtMs: number | undefined;

  /** A moving average; undefined before the first answer. */
  get ms(): number | undefined {
    return this.#ms;
  }

  asked(nowMs: number): void {
    this.#askedAtMs ??= nowMs;
  }

  /** `late`: there was no answer within `ms`, so it takes at least that long. */
  heard(ms: number, late: boolean): void {
    if (!late) this.#askedAtMs = undefined;
    const sample = late ? Math.max(ms, this.#ms ?? 0) : ms;
    const before = this.#isOld ? undefined : this.#ms;
    this.#ms = before === undefined ? sample : before + (sample - before) * weight;
    this.#isOld = false;
  }

  /** The connection is gone, and nothing is under way any more. */
  lost(): void {
    this.#askedAtMs = undefined;
    this.#isOld = true;
  }

  /** How long a question has been waiting with nothing heard; 0 when none is. */
  silentForMs(nowMs: number): number {
    return this.#askedAtMs === undefined ? 0 : nowMs - this.#askedAtMs;
  }
}
