import type { Habits } from "./worker.ts";

/** What a holder process is told. */
export interface HolderSettings {
  /** Unique in the run, also after a restart. */
  readonly name: string;
  readonly endpoints: readonly string[];
  readonly workers: number;
  readonly seed: number;
  readonly habits: Habits;
  /** Origin of the run's clock, ns, decimal. */
  readonly originNs: string;
  /** Where it writes what it sees, a JSON object a line. */
  readonly historyPath: string;
}
