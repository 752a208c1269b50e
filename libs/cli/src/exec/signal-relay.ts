import { constants } from "node:os";
import type { Edge } from "../edge.ts";
import { exitCodes } from "../exit-codes.ts";

/** What `exec` passes on to its command. */
export const forwardedSignals = [
  "SIGINT",
  "SIGTERM",
  "SIGHUP",
  "SIGQUIT",
  "SIGUSR1",
  "SIGUSR2",
] as const;

/** Those that make a waiting `exec` give up. */
const endingSignals: ReadonlySet<NodeJS.Signals> = new Set([
  "SIGINT",
  "SIGTERM",
  "SIGHUP",
  "SIGQUIT",
]);

/**
 * Receives the signals of `exec` for the whole of its life: while it waits they end the wait, while
 * the command runs they go to it, and afterwards they may not cut the release short.
 */
export class SignalRelay {
  readonly #controller = new AbortController();
  readonly #forget: (() => void)[];
  #received: NodeJS.Signals | undefined;
  #phase: "waiting" | "running" | "ending" = "waiting";
  #target: (signal: NodeJS.Signals) => void = () => {};

  constructor(edge: Pick<Edge, "onSignal">) {
    this.#forget = forwardedSignals.map((signal) =>
      edge.onSignal(signal, () => this.#receive(signal)),
    );
  }

  /** Aborts when a signal ends the wait. */
  get waitSignal(): AbortSignal {
    return this.#controller.signal;
  }

  /** 128 + the number of the signal that ended the wait. */
  get exitCode(): number | undefined {
    if (this.#received === undefined) return undefined;
    return exitCodes.signal + constants.signals[this.#received];
  }

  /** From now on `target` gets them. */
  relayTo(target: (signal: NodeJS.Signals) => void): void {
    this.#phase = "running";
    this.#target = target;
  }

  /** From now on they are swallowed: what is left to do is short and bounded. */
  swallow(): void {
    this.#phase = "ending";
  }

  end(): void {
    for (const forget of this.#forget.splice(0)) forget();
  }

  #receive(signal: NodeJS.Signals): void {
    if (this.#phase === "running") this.#target(signal);
    if (this.#phase !== "waiting" || !endingSignals.has(signal)) return;
    this.#received ??= signal;
    this.#controller.abort();
  }
}
