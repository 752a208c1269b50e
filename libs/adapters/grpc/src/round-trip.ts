/** Weight of the newest sample: a change of the way shows after some ten answers. */
const weight = 1 / 8;

/** How long answers take, lately, and how long nothing was heard. Times are in ms. */
export class RoundTrip {
  #ms: number | undefined;
  /** Over this connection; what was measured over an earlier one counts until there are some. */
  #samples = 0;
  #heardAtMs = 0;
  /** The first question since something was heard. */
  #askedAtMs: number | undefined;

  /** A moving average; undefined before the first answer. */
  get ms(): number | undefined {
    return this.#ms;
  }

  asked(nowMs: number): void {
    this.#askedAtMs ??= nowMs;
  }

  /** Something came. `ms`: how long after it was asked for, where that says anything of the way. */
  heard(nowMs: number, ms?: number): void {
    this.#heardAtMs = nowMs;
    this.#askedAtMs = undefined;
    if (ms !== undefined) this.#sample(ms);
  }

  /** There was no answer within `ms`, so it takes at least that long. */
  missed(ms: number): void {
    this.#sample(Math.max(ms, this.#ms ?? 0));
  }

  /** The connection is gone, and nothing is under way any more. */
  lost(): void {
    this.#askedAtMs = undefined;
    this.#samples = 0;
  }

  /** How long nothing has come, asked for or not. */
  idleForMs(nowMs: number): number {
    return nowMs - this.#heardAtMs;
  }

  /** How long a question has been waiting with nothing heard; 0 when none is. */
  silentForMs(nowMs: number): number {
    return this.#askedAtMs === undefined ? 0 : nowMs - this.#askedAtMs;
  }

  #sample(ms: number): void {
    this.#samples++;
    const before = this.#ms ?? ms;
    // The first ones weigh as in a plain average: the very first is that of a process that starts.
    this.#ms = before + (ms - before) * Math.max(weight, 1 / this.#samples);
  }
}
