import type { GrantId } from "@holdfast/base/ids";
import type { SessionLease } from "@holdfast/core/command/command";
import type { ClockReading } from "@holdfast/core/lease/validity";
import { type Belief, isInForce, type Standing } from "./belief.ts";
import type { HeldLock } from "./held-lock.ts";
import { abortLeadMs, isSameLease, LeaseBelief, leaseKey } from "./lease-belief.ts";
import type { LostWhy } from "./lock-lost-error.ts";
import { keyOf, QuorumBelief } from "./quorum-belief.ts";

/** A lock that is lost here and may be held in the store still. */
interface Uncollected {
  readonly lock: HeldLock;
  readonly collectMs: number;
}

/**
 * What one session believes about its leases and the locks under them. No IO and no timers: whoever
 * owns it calls {@link check} with the time.
 */
export class SessionBeliefs {
  /** Every lock that is held, or lost or released without a definite answer yet. */
  readonly locks = new Map<GrantId, HeldLock>();
  readonly #ttlMs: number;
  readonly #leases = new Map<string, LeaseBelief>();
  /** What global locks hang on, each set of leases once. */
  readonly #quorums = new Map<string, QuorumBelief>();
  readonly #standings = new Map<Belief, Standing>();
  readonly #locksOf = new Map<Belief, Set<HeldLock>>();
  /** Leases that ended. An answer that was under way meanwhile must not bring one back. */
  readonly #ended = new Set<string>();
  #uncollected: Uncollected[] = [];

  constructor(ttlMs: number) {
    this.#ttlMs = ttlMs;
  }

  /** Every lease that may live: what a heartbeat names. */
  get leases(): SessionLease[] {
    return [...this.#leases.values()].map((belief) => belief.lease);
  }

  /** One of its leases is believed in. */
  lives(nowMs: number): boolean {
    return [...this.#leases.values()].some(({ ended, abortMs }) => !ended && nowMs < abortMs);
  }

  /** Some lock is believed in, so stalls matter. */
  get holding(): boolean {
    return this.#locksOf.size > 0;
  }

  /** The lease a grant hangs on, known from now on; undefined when it has ended. */
  leaseOf(lease: SessionLease): { belief: LeaseBelief; known: boolean } | undefined {
    for (const belief of this.#leases.values()) {
      if (isSameLease(belief.lease, lease)) return { belief, known: true };
    }
    const key = leaseKey(lease);
    if (this.#ended.has(key)) return undefined;
    const belief = new LeaseBelief(lease, this.#ttlMs);
    this.#leases.set(key, belief);
    return { belief, known: false };
  }

  /** What a lock hangs on that any two of these leases hold up; the same for all such locks. */
  quorumOf(parts: readonly LeaseBelief[]): QuorumBelief {
    return this.#quorums.get(keyOf(parts)) ?? new QuorumBelief(parts);
  }

  /** A heartbeat that was sent at `sentAt` was answered for this very lease. */
  confirm(lease: SessionLease, sentAt: ClockReading, validForMs: number): void {
    this.leaseOf(lease)?.belief.confirm(sentAt, validForMs);
  }

  /**
   * The store says the lease has ended: all under it is lost, whatever later leases say. What other
   * regions hold up as well goes on, unless they are too few, as the next {@link check} finds.
   */
  end(lease: SessionLease): void {
    const key = leaseKey(lease);
    this.#ended.add(key);
    const belief = this.#leases.get(key);
    if (belief === undefined) return;
    this.#leases.delete(key);
    belief.end();
    this.#loseAll(belief, "session-expired", undefined);
    this.#standings.delete(belief);
  }

  /** Everything of the session has ended in the store. */
  endAll(): void {
    for (const lease of this.leases) this.end(lease);
  }

  /**
   * Puts a lock under a lease. This renews nothing: it starts with what is left. True for the first
   * one under it.
   */
  hold(lock: HeldLock, standing: "firm" | "jeopardy"): boolean {
    this.locks.set(lock.grantId, lock);
    if (standing === "jeopardy") lock.setJeopardy(true);
    return this.#hang(lock, standing);
  }

  /** The lock is known to hang on something else by now. */
  rehang(lock: HeldLock, belief: Belief, standing: "firm" | "jeopardy"): void {
    if (belief === lock.belief) return;
    this.#unhang(lock);
    lock.belief = belief;
    lock.setJeopardy(standing === "jeopardy");
    this.#hang(lock, standing);
  }

  #hang(lock: HeldLock, standing: "firm" | "jeopardy"): boolean {
    const { belief } = lock;
    const locks = this.#locksOf.get(belief);
    if (locks !== undefined) {
      locks.add(lock);
      return false;
    }
    this.#locksOf.set(belief, new Set([lock]));
    if (belief instanceof QuorumBelief) this.#quorums.set(belief.key, belief);
    this.#standings.set(belief, standing);
    return true;
  }

  #unhang(lock: HeldLock): void {
    const { belief } = lock;
    const locks = this.#locksOf.get(belief);
    if (locks?.delete(lock) && locks.size === 0) this.#forget(belief);
  }

  /** Nothing hangs on it any more. */
  #forget(belief: Belief): void {
    this.#locksOf.delete(belief);
    if (!(belief instanceof QuorumBelief)) return;
    this.#quorums.delete(belief.key);
    this.#standings.delete(belief);
  }

  /** It is not believed in any more: released, or taken away. */
  unhold(lock: HeldLock): void {
    this.#unhang(lock);
    if (this.#uncollected.length > 0) {
      this.#uncollected = this.#uncollected.filter((entry) => entry.lock !== lock);
    }
  }

  /** The process stood still: what was believed needs a confirmation that is sent after `nowMs`. */
  doubtAll(nowMs: number): void {
    for (const belief of this.#locksOf.keys()) belief.doubt(nowMs);
  }

  /** Brings every lock's state up to `now`. */
  check(now: ClockReading, stalled: boolean): void {
    for (const belief of this.#leases.values()) this.#judge(belief, now, stalled);
    for (const belief of this.#quorums.values()) this.#judge(belief, now, stalled);
  }

  #judge(belief: Belief, now: ClockReading, stalled: boolean): void {
    const standing = belief.standing(now, stalled);
    if (standing === this.#standings.get(belief)) return;
    this.#standings.set(belief, standing);
    if (isInForce(standing)) {
      for (const lock of this.#locksOf.get(belief) ?? []) {
        lock.setJeopardy(standing === "jeopardy");
      }
    } else {
      this.#loseAll(belief, standing, now.monotonicMs);
    }
  }

  /** The belief's state as of the last check. */
  standing(belief: LeaseBelief): Standing {
    return this.#standings.get(belief) ?? "session-expired";
  }

  /** It was confirmed once, and not for so long that nothing is believed of it any more. */
  hasRunOut(lease: SessionLease): boolean {
    const belief = this.#leases.get(leaseKey(lease));
    if (belief === undefined || belief.deadlineMs === Number.NEGATIVE_INFINITY) return false;
    return !isInForce(this.standing(belief));
  }

  /** When the next change comes that time alone brings. */
  nextChangeMs(): number {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const belief of this.#locksOf.keys()) {
      const firm = this.#standings.get(belief) === "firm";
      nextMs = Math.min(nextMs, firm ? belief.jeopardyMs : belief.abortMs);
    }
    for (const entry of this.#uncollected) nextMs = Math.min(nextMs, entry.collectMs);
    return nextMs;
  }

  /**
   * The lost locks whose holders have had their time to stop, each once. They may be held in the
   * store still, under a lease that later heartbeats keep alive, so they are to be released.
   */
  collect(nowMs: number): HeldLock[] {
    if (this.#uncollected.length === 0) return [];
    const due = this.#uncollected.filter((entry) => entry.collectMs <= nowMs);
    this.#uncollected = this.#uncollected.filter((entry) => entry.collectMs > nowMs);
    return due.map((entry) => entry.lock);
  }

  /** `lostMs`: when, if the store may hold the locks still. */
  #loseAll(belief: Belief, why: LostWhy, lostMs: number | undefined): void {
    const locks = this.#locksOf.get(belief);
    if (locks === undefined) return;
    this.#forget(belief);
    for (const lock of locks) {
      if (lostMs === undefined) this.locks.delete(lock.grantId);
      else this.#uncollected.push({ lock, collectMs: lostMs + abortLeadMs(this.#ttlMs) });
      lock.lose(why);
    }
  }
}
