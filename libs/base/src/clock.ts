/** A pending callback of a {@link Clock}. Cancelling twice, or after it ran, does nothing. */
export interface Timer {
  cancel(): void;
}

/**
 * The only door through which time enters.
 *
 * Leases and deadlines are measured on the monotonic side. Wall time labels records for people and
 * is compared with the monotonic side only to notice that the machine was suspended.
 */
export interface Clock {
  /** Milliseconds since an arbitrary start; never goes back; may carry a fraction. */
  monotonicMs(): number;
  /** Milliseconds since 1970-01-01 UTC; may jump either way. */
  wallMs(): number;
  /** Runs `callback` once, no earlier than `delayMs` (>= 0) from now. */
  schedule(delayMs: number, callback: () => void): Timer;
}

/** The longest delay a Node timer takes; a longer one would fire at once. */
const timerMaxMs = 2 ** 31 - 1;

/** The clock of the machine. */
export class SystemClock implements Clock {
  readonly #keepsAlive: boolean;

  /**
   * `keepsAlive`: a pending timer keeps the process alive. A server is kept alive by what it
   * listens on; a client between two connections has nothing but its timers.
   */
  constructor(options: { readonly keepsAlive?: boolean } = {}) {
    this.#keepsAlive = options.keepsAlive ?? false;
  }

  monotonicMs(): number {
    return performance.now();
  }

  wallMs(): number {
    return Date.now();
  }

  schedule(delayMs: number, callback: () => void): Timer {
    const timer = setTimeout(callback, Math.min(Math.max(0, delayMs), timerMaxMs));
    if (!this.#keepsAlive) timer.unref();
    return { cancel: () => clearTimeout(timer) };
  }
}

/** Resolves after `delayMs`, or as soon as `cancellation` is cancelled; says which. */
export function sleep(
  clock: Clock,
  delayMs: number,
  cancellation?: { onCancel(callback: () => void): () => void },
): Promise<"elapsed" | "cancelled"> {
  return new Promise((resolve) => {
    const timer = clock.schedule(delayMs, () => {
      forget?.();
      resolve("elapsed");
    });
    const forget = cancellation?.onCancel(() => {
      timer.cancel();
      resolve("cancelled");
    });
  });
}
