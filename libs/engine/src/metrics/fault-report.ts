import type { Clock } from "@holdfast/base/clock";
import type { FailureCode } from "@holdfast/base/failure";
import type { LockId } from "@holdfast/core/lock/lock-id";

/** A request that failed, for which the platform is to blame. */
export interface Fault {
  readonly operation: string;
  readonly code: FailureCode;
  /** For people. */
  readonly message: string;
  /** What it was about, where it was about one lock. */
  readonly lock?: LockId | undefined;
}

/** `leftOut`: faults since the one before it of which nobody was told. */
export type OnFault = (fault: Fault & { readonly leftOut: number }) => void;

/** Faults of one second that are told; while a shard is away, every request is one. */
const faultsPerSecondMax = 10;

/** Tells of faults, as many as somebody can read. */
export class FaultReport {
  readonly #clock: Clock;
  readonly #onFault: OnFault;
  #sinceMs = Number.NEGATIVE_INFINITY;
  #told = 0;
  #leftOut = 0;

  constructor(clock: Clock, onFault: OnFault) {
    this.#clock = clock;
    this.#onFault = onFault;
  }

  tell(fault: Fault): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#sinceMs >= 1_000) {
      this.#sinceMs = nowMs;
      this.#told = 0;
    }
    if (this.#told >= faultsPerSecondMax) {
      this.#leftOut++;
      return;
    }
    this.#told++;
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    this.#onFault({ ...fault, leftOut });
  }
}
