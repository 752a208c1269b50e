/** Copies of one Ctrl-C come from the terminal, npm and the bootstrap, all within this. */
const SAME_SIGNAL_MS = 400;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Turns signals into two steps: the first asks for an orderly stop (`signal` aborts), a second
 * one, by somebody who does not want to wait, calls `force`.
 */
export class Interrupts implements Disposable {
  readonly #first = new AbortController();
  readonly #onSignal: () => void;

  constructor(force: () => void, nowMs: () => number = () => performance.now()) {
    let firstAtMs = 0;
    this.#onSignal = () => {
      if (!this.#first.signal.aborted) {
        firstAtMs = nowMs();
        this.#first.abort();
      } else if (nowMs() - firstAtMs >= SAME_SIGNAL_MS) {
        force();
      }
    };
    for (const name of SIGNALS) process.on(name, this.#onSignal);
  }

  get signal(): AbortSignal {
    return this.#first.signal;
  }

  get interrupted(): boolean {
    return this.#first.signal.aborted;
  }

  /** Resolves at the first signal. */
  get asked(): Promise<void> {
    const { signal } = this.#first;
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }

  [Symbol.dispose](): void {
    for (const name of SIGNALS) process.removeListener(name, this.#onSignal);
  }
}
