const burstMax = 100;
const refillPerSecond = 50;
const refillPerSuccess = 0.1;

/**
 * How many repeats one client may send, whatever its callers do: a burst of 100, then 50 a second
 * and one for every ten successes. Without it, a shard in trouble would get every client's
 * requests several times over. A repeat without a token is put off, never dropped: the caller's own
 * deadline ends it.
 */
export class RetryBudget {
  #tokens = burstMax;
  #countedAtMs: number;

  constructor(nowMs: number) {
    this.#countedAtMs = nowMs;
  }

  /** Takes a token if there is one. */
  take(nowMs: number): boolean {
    const earned = ((nowMs - this.#countedAtMs) * refillPerSecond) / 1_000;
    this.#tokens = Math.min(burstMax, this.#tokens + earned);
    this.#countedAtMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** A request was answered well. */
  succeeded(): void {
    this.#tokens = Math.min(burstMax, this.#tokens + refillPerSuccess);
  }
}
