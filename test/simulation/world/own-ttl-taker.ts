import { Cancellation } from "@holdfast/base/cancellation";
import type { Timer } from "@holdfast/base/clock";
import type { LeasedGrant, LeasedLocks } from "@holdfast/client/leased-locks";
import { type ClockReading, readClocks, wasSuspended } from "@holdfast/core/lease/validity";
import type { SimulatedProcess } from "@holdfast/simulator/kernel/simulated-process";
import type { LockTaker, Refusal, Wish } from "./application.ts";
import type { TakenLock } from "./beliefs.ts";
import { planOf, requestTimeoutMs } from "./session-taker.ts";

/**
 * Takes locks with a ttl of their own, as a script does that acquires with one command and releases
 * with another. The deadline is the application's own to keep; some renew in time, others do not.
 */
export class OwnTtlTaker implements LockTaker {
  readonly #locks: LeasedLocks;
  readonly #process: SimulatedProcess;
  readonly #renews: boolean;

  constructor(locks: LeasedLocks, process: SimulatedProcess, renews: boolean) {
    this.#locks = locks;
    this.#process = process;
    this.#renews = renews;
  }

  async take(wish: Wish): Promise<LeasedHold | Refusal> {
    const caller = new Cancellation();
    wish.signal.addEventListener("abort", () => caller.cancel());
    const end = await this.#locks.acquire(planOf(wish), requestTimeoutMs, caller);
    if (end.kind === "admitted") {
      return new LeasedHold(this.#locks, this.#process, end.value, this.#renews);
    }
    return { refused: end.kind === "held" || end.kind === "timeout" ? end.kind : "given-up" };
  }
}

/** One lock with a ttl of its own, and what its application may believe of it. */
export class LeasedHold implements TakenLock {
  readonly lock: string;
  readonly grantId: LeasedGrant["grantId"];
  readonly mode: LeasedGrant["mode"];
  readonly token: bigint;
  readonly #locks: LeasedLocks;
  readonly #process: SimulatedProcess;
  readonly #grant: LeasedGrant;
  #confirmedAt: ClockReading;
  #deadlineMs: number;
  #timer: Timer | undefined;
  #over = false;
  #onLost: () => void = () => {};

  constructor(locks: LeasedLocks, process: SimulatedProcess, grant: LeasedGrant, renews: boolean) {
    this.lock = `${grant.lock.namespace}/${grant.lock.name}`;
    this.grantId = grant.grantId;
    this.mode = grant.mode;
    this.token = grant.token;
    this.#locks = locks;
    this.#process = process;
    this.#grant = grant;
    this.#confirmedAt = readClocks(process);
    this.#deadlineMs = this.#confirmedAt.monotonicMs + grant.validForMs;
    this.#watchDeadline();
    if (renews) this.#renewLater();
  }

  holds(): boolean {
    const now = readClocks(this.#process);
    if (this.#over) return false;
    if (wasSuspended(this.#confirmedAt, now, this.#grant.ttlMs)) this.#lose();
    else if (now.monotonicMs >= this.#deadlineMs) this.#lose();
    return !this.#over;
  }

  onLost(callback: () => void): void {
    this.#onLost = callback;
  }

  release() {
    this.#over = true;
    this.#timer?.cancel();
    return this.#locks.release(this.#grant, requestTimeoutMs);
  }

  #watchDeadline(): void {
    this.#timer?.cancel();
    const leftMs = Math.max(0, this.#deadlineMs - this.#process.monotonicMs());
    this.#timer = this.#process.schedule(leftMs, () => this.holds());
  }

  /** Asks for the whole ttl anew; false when it is over. */
  async renew(): Promise<boolean> {
    if (!this.holds()) return false;
    const { ttlMs } = this.#grant;
    const untilMs = this.#process.monotonicMs() + ttlMs / 3;
    const renewed = await this.#locks.renew(this.#grant, ttlMs, untilMs);
    // It would not do to revive what was over by now, however good the answer.
    if (!this.holds()) return false;
    if (renewed.kind === "renewed") {
      this.#confirmedAt = readClocks(this.#process);
      const deadlineMs = this.#confirmedAt.monotonicMs + renewed.validForMs;
      this.#deadlineMs = Math.max(this.#deadlineMs, deadlineMs);
      this.#watchDeadline();
    } else if (renewed.code === "NOT_HELD" || renewed.code === "LOST") this.#lose();
    return !this.#over;
  }

  #renewLater(): void {
    this.#process.schedule(this.#grant.ttlMs / 3, () => {
      void this.renew().then((goesOn) => {
        if (goesOn) this.#renewLater();
      });
    });
  }

  #lose(): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer?.cancel();
    this.#onLost();
  }
}
