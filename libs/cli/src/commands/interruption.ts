import { constants } from "node:os";
import type { Edge } from "../edge.ts";
import { exitCodes } from "../exit-codes.ts";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Turns Ctrl-C and its like into an abort, so that a command leaves nothing behind. */
export class Interruption {
  readonly #controller = new AbortController();
  readonly #forget: (() => void)[];
  #received: NodeJS.Signals | undefined;

  constructor(edge: Pick<Edge, "onSignal">) {
    this.#forget = signals.map((signal) =>
      edge.onSignal(signal, () => {
        this.#received ??= signal;
        this.#controller.abort();
      }),
    );
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What a shell expects of a command that a signal ended, or undefined if none came. */
  get exitCode(): number | undefined {
    if (this.#received === undefined) return undefined;
    return exitCodes.signal + constants.signals[this.#received];
  }

  /** Lets signals do again what they usually do. */
  end(): void {
    for (const forget of this.#forget.splice(0)) forget();
  }
}
