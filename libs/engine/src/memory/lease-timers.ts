import type { Clock, Timer } from "@holdfast/base/clock";
import { invariant } from "@holdfast/base/invariant";

interface Lease {
  readonly id: bigint;
  readonly ttlS: number;
  /** From here on the lease may end, and a keepalive comes too late. */
  expiresAtMs: number;
  /** When the store gets round to ending it. */
  endsAtMs: number;
  timer: Timer;
  /** Keepalives that came too late; they are answered when the lease has ended. */
  readonly late: ((outcome: "ended" | "restarted") => void)[];
}

/**
 * Ends leases when their time is over: never early, and as late as `lateMs` says. One timer for
 * each lease that lives, and none moved by a keepalive: one that fires too soon looks again later.
 */
export class LeaseTimers {
  readonly #clock: Clock;
  readonly #lateMs: () => number;
  readonly #onEnd: (lease: bigint) => void;
  readonly #leases = new Map<bigint, Lease>();

  constructor(clock: Clock, lateMs: () => number, onEnd: (lease: bigint) => void) {
    this.#clock = clock;
    this.#lateMs = lateMs;
    this.#onEnd = onEnd;
  }

  start(id: bigint, ttlS: number): void {
    const lease: Lease = {
      id,
      ttlS,
      expiresAtMs: 0,
      endsAtMs: 0,
      timer: { cancel: () => {} },
      late: [],
    };
    this.#leases.set(id, lease);
    this.#refresh(lease);
    this.#arm(lease);
  }

  /** Restarts the lease's ttl and answers with it; 0 where the lease has ended. */
  keepAlive(id: bigint): Promise<number | "restarted"> {
    const lease = this.#leases.get(id);
    if (lease === undefined) return Promise.resolve(0);
    if (this.#clock.monotonicMs() < lease.expiresAtMs) {
      this.#refresh(lease);
      return Promise.resolve(lease.ttlS);
    }
    return new Promise((resolve) => {
      lease.late.push((outcome) => resolve(outcome === "ended" ? 0 : outcome));
    });
  }

  /** What is left, rounded down to seconds; 0 for a lease that is over but has not ended yet. */
  remainingS(id: bigint): number {
    const lease = this.#leases.get(id);
    invariant(lease !== undefined, "only a living lease is asked for its time");
    return Math.max(0, Math.floor((lease.expiresAtMs - this.#clock.monotonicMs()) / 1000));
  }

  /** Forgets a lease that has ended for another reason than its time. */
  stop(id: bigint): void {
    const lease = this.#leases.get(id);
    invariant(lease !== undefined, "only a living lease is stopped");
    lease.timer.cancel();
    this.#leases.delete(id);
    for (const answer of lease.late) answer("ended");
  }

  /** Gives every lease its full ttl again, as a new leader does, even one that was over. */
  restartAll(): void {
    for (const lease of this.#leases.values()) {
      this.#refresh(lease);
      for (const answer of lease.late.splice(0)) answer("restarted");
    }
  }

  /** Stops every timer; no lease ends any more. */
  close(): void {
    for (const lease of this.#leases.values()) {
      lease.timer.cancel();
      for (const answer of lease.late.splice(0)) answer("restarted");
    }
    this.#leases.clear();
  }

  #refresh(lease: Lease): void {
    lease.expiresAtMs = this.#clock.monotonicMs() + lease.ttlS * 1000;
    lease.endsAtMs = lease.expiresAtMs + this.#lateMs();
  }

  #arm(lease: Lease): void {
    const delayMs = Math.max(0, lease.endsAtMs - this.#clock.monotonicMs());
    lease.timer = this.#clock.schedule(delayMs, () => {
      if (this.#clock.monotonicMs() < lease.endsAtMs) this.#arm(lease);
      else this.#onEnd(lease.id);
    });
  }
}
