import type { SessionLease } from "@holdfast/core/command/command";
import {
  type ClockReading,
  deadlineMs as holderDeadlineMs,
  wasSuspended,
} from "@holdfast/core/lease/validity";
import { type Belief, isInForce, type Standing } from "./belief.ts";

/**
 * How long before the deadline a lock counts as lost, so that its holder can still stop in time.
 */
export function abortLeadMs(ttlMs: number): number {
  return Math.min(500, ttlMs / 20);
}

/** A key for maps that names exactly one lease. */
export function leaseKey(lease: SessionLease): string {
  return `${lease.region}/${lease.shard}/${lease.leaseId}`;
}

/** The same, without making a key. */
export function isSameLease(left: SessionLease, right: SessionLease): boolean {
  return (
    left.leaseId === right.leaseId && left.shard === right.shard && left.region === right.region
  );
}

/**
 * The belief that one lease of a session lives: a deadline on this machine's monotonic clock. A
 * confirmation counts for this very lease and no other, because a lease made later says nothing
 * about what hung on this one.
 */
export class LeaseBelief implements Belief {
  readonly lease: SessionLease;
  readonly key: string;
  readonly #ttlMs: number;
  #deadlineMs = Number.NEGATIVE_INFINITY;
  #confirmedAt: ClockReading | undefined;
  #doubtedMs = Number.NEGATIVE_INFINITY;
  #ended = false;
  #inForce = false;

  constructor(lease: SessionLease, ttlMs: number) {
    this.lease = lease;
    this.key = leaseKey(lease);
    this.#ttlMs = ttlMs;
  }

  get deadlineMs(): number {
    return this.#deadlineMs;
  }

  get ended(): boolean {
    return this.#ended;
  }

  get abortMs(): number {
    return this.#deadlineMs - abortLeadMs(this.#ttlMs);
  }

  get jeopardyMs(): number {
    return this.#deadlineMs - this.#ttlMs / 2;
  }

  /**
   * The store confirmed it in answer to a message; `sentAt` was read before that message was sent
   * for the first time. `validForMs` is bounded by what the ttl allows, so that a wrong answer
   * cannot make the belief outlive the lease.
   */
  confirm(sentAt: ClockReading, validForMs: number): void {
    const { monotonicMs } = sentAt;
    const latestMs = holderDeadlineMs(monotonicMs, this.#ttlMs);
    const deadlineMs = Math.min(monotonicMs + validForMs, latestMs);
    // An answer that was overtaken by a later one takes nothing back: both are true.
    if (deadlineMs >= this.#deadlineMs) {
      this.#deadlineMs = deadlineMs;
      this.#confirmedAt = sentAt;
    }
    if (monotonicMs >= this.#doubtedMs) this.#doubtedMs = Number.NEGATIVE_INFINITY;
  }

  get strength(): number {
    return this.#ended ? 0 : 1;
  }

  get renewByMs(): undefined {
    return undefined;
  }

  hangsOn(lease: SessionLease): boolean {
    return isSameLease(this.lease, lease);
  }

  doubt(nowMs: number): void {
    this.#doubtedMs = nowMs;
  }

  /** The store says it has ended, which is for good. */
  end(): void {
    this.#ended = true;
  }

  /** In force, as of the last look at it. */
  get isInForce(): boolean {
    return this.#inForce && !this.#ended;
  }

  standing(now: ClockReading, stalled: boolean): Standing {
    const standing = this.#standing(now, stalled);
    this.#inForce = isInForce(standing);
    return standing;
  }

  #standing(now: ClockReading, stalled: boolean): Standing {
    if (this.#ended) return "session-expired";
    if (this.#confirmedAt !== undefined && wasSuspended(this.#confirmedAt, now, this.#ttlMs)) {
      // The monotonic clock stood still meanwhile: a deadline on it means nothing any more.
      this.#deadlineMs = Number.NEGATIVE_INFINITY;
      return "suspended";
    }
    if (now.monotonicMs >= this.abortMs) return stalled ? "stalled" : "expired";
    if (this.#doubtedMs > Number.NEGATIVE_INFINITY) return "jeopardy";
    return now.monotonicMs >= this.jeopardyMs ? "jeopardy" : "firm";
  }
}
