import type { Clock, Timer } from "@holdfast/base/clock";
import type { LeaseId, SessionId } from "@holdfast/base/ids";
import { regionsMax } from "@holdfast/core/quorum/attempt";
import { majority } from "@holdfast/core/quorum/votes";

/** A session's lease in one region, as {@link SessionBeats} answers. */
export interface BeatenLease {
  readonly shard: string;
  readonly lease: LeaseId;
  /** In ms, counted from before the question was sent; 0: the lease has ended. */
  readonly validForMs: number;
}

/** The leases that a session has for one lock, by region. */
export type LeasesOfLock = Map<number, Pick<BeatenLease, "shard" | "lease">>;

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

/** Of its ttl, what a lease must have left for its next turn to come in time. */
const freshShare = 0.8;

/**
 * Of its ttl, how often leases are kept alive. What hangs on them is believed in for what is left
 * of a ttl, so a client gets over a pause that is shorter by so much; a lease serves many locks.
 */
const beatShare = 1 / 6;

/** What a {@link DelegationSession} needs. */
export interface DelegationSessionOptions<Lock> {
  readonly id: SessionId;
  readonly ttlMs: number;
  /** The number of its coordinator's own region. */
  readonly home: number;
  readonly beats: SessionBeats<Lock>;
  readonly clock: Clock;
  /** It is left to end. */
  readonly onAbandoned?: (id: SessionId) => void;
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
  readonly #kept = new Map<string, Kept<Lock>>();
  #timer: Timer | undefined;
  #delegations = 0;
  /** When its leases were last kept alive, all of them. */
  #keptMs: number;
  #isAbandoned = false;

  constructor(options: DelegationSessionOptions<Lock>) {
    this.#options = options;
    this.id = options.id;
    this.ttlMs = options.ttlMs;
    this.#keptMs = options.clock.monotonicMs();
  }

  /** Nothing hangs on it any more that anybody believes in. */
  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  /** No delegation hangs on it. */
  get isUnused(): boolean {
    return this.#delegations === 0;
  }

  /** A delegation may be hung on it: its leases are kept alive, or were until a moment ago. */
  get isUsable(): boolean {
    if (this.#isAbandoned) return false;
    const idleMs = this.#options.clock.monotonicMs() - this.#keptMs;
    return this.#delegations > 0 || idleMs < this.ttlMs / 2;
  }

  /** A delegation hangs on it from now on, until it {@link leave}s. See {@link meet}. */
  join(lock: Lock, leases: LeasesOfLock, then: () => void): void {
    this.#delegations++;
    this.meet(lock, leases, then);
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
   * Gets a lease in each region for the lock, and puts them into `leases` as they come; `then` once
   * two regions have answered, its own among them, or after a third of the ttl.
   */
  meet(lock: Lock, leases: LeasesOfLock, then: () => void = () => {}): void {
    const { clock, beats, home } = this.#options;
    let answered = 0;
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
        if (lease === undefined) return;
        // Nobody has kept it alive while nothing hung on it, and its next turn may come too late.
        if (lease.validForMs < this.ttlMs * freshShare) this.#keepAlive(region, lock);
        leases.set(region, { shard: lease.shard, lease: lease.lease });
        if (++answered >= majority && leases.has(home)) go();
      });
    }
    this.#arm();
  }

  /** It has a lease in its own region's shard, known to live. */
  isLiveAtHome(leases: LeasesOfLock): boolean {
    return this.liveIn(leases).includes(this.#options.home);
  }

  /** Regions among them whose leases are known to live. */
  liveIn(leases: LeasesOfLock): number[] {
    const nowMs = this.#options.clock.monotonicMs();
    return [...leases.keys()].filter((region) => this.#deadlineIn(region, leases) > nowMs);
  }

  /**
   * D: until when, on this coordinator's clock, a grant may be believed in whose liveness hangs on
   * `confirmed`. The second-latest deadline: any two regions that call it gone are past that.
   * `leases`: those that the session has for the lock.
   */
  deadlineMs(confirmed: ReadonlyMap<number, LeaseId>, leases: LeasesOfLock): number {
    const deadlines: number[] = [];
    for (const [region, lease] of confirmed) {
      // Only the very lease counts that the liveness was put under [H1].
      if (leases.get(region)?.lease === lease) deadlines.push(this.#deadlineIn(region, leases));
    }
    deadlines.sort((left, right) => right - left);
    return deadlines[majority - 1] ?? 0;
  }

  /** Never keeps anything alive again: what hangs on it ends with its leases. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#timer?.cancel();
    this.#options.onAbandoned?.(this.id);
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#isAbandoned || this.#delegations === 0) return;
    this.#timer = this.#options.clock.schedule(this.ttlMs * beatShare, () => {
      this.#timer = undefined;
      this.#beat();
      this.#arm();
    });
  }

  #beat(): void {
    this.#keptMs = this.#options.clock.monotonicMs();
    for (const [key, { region, lock, deadlineMs }] of this.#kept) {
      if (this.#keptMs - deadlineMs > this.ttlMs) this.#kept.delete(key);
      const { home } = this.#options;
      if (region === home || this.#isHomeHeard) this.#keepAlive(region, lock);
    }
  }

  /**
   * Its own region has answered lately. While it has not, the others are let go, too: what is
   * delegated to a shard that is away is to be had elsewhere a ttl later, and not two.
   */
  get #isHomeHeard(): boolean {
    const { clock, home } = this.#options;
    const freshMs = clock.monotonicMs() + this.ttlMs / 2;
    return [...this.#kept.values()].some(({ region, deadlineMs }) => {
      return region === home && deadlineMs > freshMs;
    });
  }

  #keepAlive(region: number, lock: Lock): void {
    const { clock, beats } = this.#options;
    const sentMs = clock.monotonicMs();
    beats.keepAlive(region, lock, this.id, (lease) => this.#note(region, lock, sentMs, lease));
  }

  #deadlineIn(region: number, leases: LeasesOfLock): number {
    const known = leases.get(region);
    return known === undefined ? 0 : (this.#kept.get(keyOf(region, known))?.deadlineMs ?? 0);
  }

  #note(region: number, lock: Lock, sentMs: number, lease: BeatenLease | undefined): void {
    if (this.#isAbandoned || this.#delegations === 0) return;
    if (lease === undefined || lease.validForMs <= 0) return;
    const key = keyOf(region, lease);
    const kept = this.#kept.get(key) ?? { region, lock, deadlineMs: 0 };
    // From before the question was sent: the lease is renewed while the answer is on its way.
    kept.deadlineMs = Math.max(kept.deadlineMs, sentMs + lease.validForMs);
    this.#kept.set(key, kept);
  }
}

/** Two shards may have given out the same number. */
function keyOf(region: number, { shard, lease }: Pick<BeatenLease, "shard" | "lease">): string {
  return `${region}/${shard}/${lease}`;
}
