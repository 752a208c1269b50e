import type { Clock, Timer } from "@holdfast/base/clock";
import type { LeaseId, SessionId } from "@holdfast/base/ids";
import { regionsMax } from "@holdfast/core/quorum/attempt";
import { majority } from "@holdfast/core/quorum/votes";

/** A session's lease in one region, as {@link SessionBeats} answers. */
export interface BeatenLease {
  readonly lease: LeaseId;
  /** In ms, counted from before the question was sent; 0: the lease has ended. */
  readonly validForMs: number;
}

/** The way to a session's leases in the regions, by number 0 to 2. It may never answer. */
export interface SessionBeats<Lock> {
  /** The session's lease in the lock's shard, made where it has none. */
  meet(
    region: number,
    lock: Lock,
    session: SessionId,
    answer: (lease: BeatenLease | undefined) => void,
  ): void;
  /** Keeps the lease that the session has in the lock's shard. */
  keepAlive(
    region: number,
    lock: Lock,
    session: SessionId,
    answer: (lease: BeatenLease | undefined) => void,
  ): void;
}

/** What a {@link DelegationSession} needs. */
export interface DelegationSessionOptions<Lock> {
  readonly id: SessionId;
  readonly ttlMs: number;
  readonly beats: SessionBeats<Lock>;
  readonly clock: Clock;
}

/** A lease that is kept, and a lock by which its shard is found. */
interface Kept<Lock> {
  readonly region: number;
  readonly lock: Lock;
  deadlineMs: number;
}

/**
 * The session under which a coordinator holds delegations: nobody's heartbeats keep it but its own.
 * Delegations of many locks hang on it, so that there is one keepalive for each lease and not for
 * each lock.
 */
export class DelegationSession<Lock = unknown> {
  readonly id: SessionId;
  readonly ttlMs: number;
  readonly #options: DelegationSessionOptions<Lock>;
  /** Ids are never reused within a store, and two stores may choose the same one. */
  readonly #kept = new Map<string, Kept<Lock>>();
  #timer: Timer | undefined;
  #delegations = 0;
  #isAbandoned = false;

  constructor(options: DelegationSessionOptions<Lock>) {
    this.#options = options;
    this.id = options.id;
    this.ttlMs = options.ttlMs;
  }

  /** Nothing hangs on it any more that anybody believes in. */
  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  /** A delegation hangs on it from now on, until it {@link leave}s. See {@link meet}. */
  join(lock: Lock, then: () => void): ReadonlyMap<number, LeaseId> {
    this.#delegations++;
    return this.meet(lock, then);
  }

  /** A delegation that joined is over. Once none is left, nothing is kept alive any more. */
  leave(): void {
    this.#delegations--;
    if (this.#delegations > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#kept.clear();
  }

  /**
   * Gets a lease in each region for the lock; `then` once two regions have answered, or after a
   * third of the ttl. What it returns fills with the leases as they come.
   */
  meet(lock: Lock, then: () => void): ReadonlyMap<number, LeaseId> {
    const { clock, beats } = this.#options;
    const met = new Map<number, LeaseId>();
    let isDone = false;
    const go = () => {
      if (isDone) return;
      isDone = true;
      timer.cancel();
      then();
    };
    const timer = clock.schedule(this.ttlMs / 3, go);
    for (let region = 0; region < regionsMax; region++) {
      const sentMs = clock.monotonicMs();
      beats.meet(region, lock, this.id, (lease) => {
        this.#note(region, lock, sentMs, lease);
        if (lease !== undefined) met.set(region, lease.lease);
        if (met.size >= majority) go();
      });
    }
    this.#arm();
    return met;
  }

  /** Regions among them whose leases are known to live. */
  liveIn(leases: ReadonlyMap<number, LeaseId>): number[] {
    const nowMs = this.#options.clock.monotonicMs();
    const live: number[] = [];
    for (const [region, lease] of leases) {
      const kept = this.#kept.get(`${region}/${lease}`);
      if (kept !== undefined && kept.deadlineMs > nowMs) live.push(region);
    }
    return live;
  }

  /**
   * D: until when, on this coordinator's clock, a grant may be believed in whose liveness hangs on
   * these leases. The second-latest deadline, for any two regions that call it gone are past it.
   */
  deadlineMs(confirmed: ReadonlyMap<number, LeaseId>): number {
    const deadlines: number[] = [];
    for (const [region, lease] of confirmed) {
      // Only the very lease counts that the liveness was put under [H1].
      const kept = this.#kept.get(`${region}/${lease}`);
      if (kept !== undefined) deadlines.push(kept.deadlineMs);
    }
    deadlines.sort((left, right) => right - left);
    return deadlines[majority - 1] ?? 0;
  }

  /** Never keeps anything alive again: what hangs on it ends with its leases. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#timer?.cancel();
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#isAbandoned || this.#delegations === 0) return;
    this.#timer = this.#options.clock.schedule(this.ttlMs / 3, () => {
      this.#timer = undefined;
      this.#beat();
      this.#arm();
    });
  }

  #beat(): void {
    const { clock, beats } = this.#options;
    for (const [key, { region, lock, deadlineMs }] of this.#kept) {
      const sentMs = clock.monotonicMs();
      if (sentMs - deadlineMs > this.ttlMs) this.#kept.delete(key);
      beats.keepAlive(region, lock, this.id, (lease) => this.#note(region, lock, sentMs, lease));
    }
  }

  #note(region: number, lock: Lock, sentMs: number, lease: BeatenLease | undefined): void {
    if (this.#isAbandoned || this.#delegations === 0) return;
    if (lease === undefined || lease.validForMs <= 0) return;
    const key = `${region}/${lease.lease}`;
    const kept = this.#kept.get(key) ?? { region, lock, deadlineMs: 0 };
    // From before the question was sent: the lease is renewed while the answer is on its way.
    kept.deadlineMs = Math.max(kept.deadlineMs, sentMs + lease.validForMs);
    this.#kept.set(key, kept);
  }
}
