import { sleep } from "@holdfast/base/clock";
import type { CancelCommand } from "@holdfast/core/command/command";
import type { CancelOutcome } from "@holdfast/core/command/outcome";
import type { Surroundings } from "./shard.ts";

/** Requests being cleaned up at once; past it the lease alone ends them. */
const abandonedMax = 10_000;
const pauseMs = { min: 100, max: 2_000 };

/**
 * Requests whose caller is gone while their outcome is not known: their grant may still land, and
 * nobody would release it. Each is cancelled until the answer is definite (hazard 6), or until its
 * lease must have ended.
 */
export class Abandoned {
  readonly #cancel: (command: CancelCommand) => Promise<CancelOutcome>;
  readonly #surroundings: Surroundings;
  #count = 0;
  #dropped = 0;

  constructor(
    cancel: (command: CancelCommand) => Promise<CancelOutcome>,
    surroundings: Surroundings,
  ) {
    this.#cancel = cancel;
    this.#surroundings = surroundings;
  }

  get count(): number {
    return this.#count;
  }

  /** Left to their leases because too many were being cleaned up. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Cancels in the background; `leaseTtlMs`: how long a late grant could live. */
  add(command: CancelCommand, leaseTtlMs: number): void {
    if (this.#count >= abandonedMax) {
      this.#dropped++;
      return;
    }
    this.#count++;
    void this.#run(command, leaseTtlMs).finally(() => {
      this.#count--;
    });
  }

  async #run(command: CancelCommand, leaseTtlMs: number): Promise<void> {
    const { clock, random } = this.#surroundings;
    const untilMs = clock.monotonicMs() + 2 * leaseTtlMs;
    for (let delayMs = pauseMs.min; ; delayMs = Math.min(pauseMs.max, delayMs * 2)) {
      const outcome = await this.#cancel(command);
      if (outcome.kind === "cancelled" || outcome.code === "SESSION_EXPIRED") return;
      if (clock.monotonicMs() >= untilMs) return;
      await sleep(clock, delayMs * (0.5 + random.next() / 2));
    }
  }
}
