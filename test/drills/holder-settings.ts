import type { Habits } from "./worker.ts";

/** What a holder process is told. */
export interface HolderSettings {
  /** Unique in the run, also after a restart. */
  readonly name: string;
  readonly endpoints: readonly string[];
  /** Connections, each with a client's session of its own; 1 if left out. */
  readonly clients?: number;
  /** Of each client. */
  readonly workers: number;
  /** The SDK's own if left out. */
  readonly requestTimeoutMs?: number;
  readonly seed: number;
  readonly habits: Habits;
  /** Origin of the run's clock, ns, decimal. */
  readonly originNs: string;
  /** Of the resource that its locks protect, on loopback. */
  readonly resourcePort?: number;
  /** Where it writes what it sees, a JSON object a line. */
  readonly historyPath: string;
}
