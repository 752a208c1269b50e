import { Cancellation } from "@holdfast/base/cancellation";
import { sleep } from "@holdfast/base/clock";
import type { WithdrawOutcome } from "./local-withdraw.ts";
import type { Request } from "./request.ts";
import type { Surroundings } from "./shard.ts";

/** Requests being cleaned up at once; past it the lease alone ends them. */
const abandonedMax = 10_000;
const pauseMs = { min: 100, max: 2_000 };

/** How a request is given up: its place only, or a grant too that nobody claimed. */
export type Withdraw = (request: Request) => Promise<WithdrawOutcome>;

/**
 * Requests that were given up while their outcome is not known: a place or a grant may still land,
 * and nobody would take it away. Each is withdrawn until the answer is definite (hazard 6), or
 * until its lease must have ended.
 */
export class Abandoned {
  readonly #surroundings: Surroundings;
  readonly #stopped = new Cancellation();
  #count = 0;
  #dropped = 0;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  get count(): number {
    return this.#count;
  }

  /** Left to their leases because too many were being cleaned up, or the router stopped. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Withdraws in the background; `leaseTtlMs`: how long what lands late could live. */
  add(request: Request, withdraw: Withdraw, leaseTtlMs: number): void {
    if (this.#count >= abandonedMax || this.#stopped.cancelled) {
      this.#dropped++;
      return;
    }
    this.#count++;
    void this.#run(request, withdraw, leaseTtlMs).finally(() => {
      this.#count--;
    });
  }

  /** Leaves what is still to be withdrawn to its leases; only a try under way is finished. */
  stop(): void {
    this.#stopped.cancel();
  }

  async #run(request: Request, withdraw: Withdraw, leaseTtlMs: number): Promise<void> {
    const { clock, random } = this.#surroundings;
    const untilMs = clock.monotonicMs() + 2 * leaseTtlMs;
    for (let delayMs = pauseMs.min; ; delayMs = Math.min(pauseMs.max, delayMs * 2)) {
      const outcome = await withdraw(request);
      if (outcome.kind !== "failure" || outcome.code === "SESSION_EXPIRED") return;
      if (clock.monotonicMs() >= untilMs) return;
      const pausedMs = delayMs * (0.5 + random.next() / 2);
      if ((await sleep(clock, pausedMs, this.#stopped)) === "cancelled") return;
    }
  }
}
