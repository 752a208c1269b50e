import type { Failure } from "@holdfast/base/failure";
import type { GrantId, SessionId } from "@holdfast/base/ids";
import type { ReleaseCommand, SessionLease } from "@holdfast/core/command/command";
import type { Confirmation, Grant, HeartbeatOutcome } from "@holdfast/core/command/outcome";
import { type ClockReading, readClocks } from "@holdfast/core/lease/validity";
import { limits } from "@holdfast/core/limits";
import { isGlobal } from "@holdfast/core/lock/lock-id";
import { answerMsMax, endingMsMax, heartbeatAnswerMs } from "./answer-time.ts";
import { type Belief, isInForce } from "./belief.ts";
import { bounded, type ClientCore } from "./client-core.ts";
import { GrantUpkeep, type RenewedGrant, type UpkeepOwner } from "./grant-upkeep.ts";
import { HeldLock, type LockKeeper } from "./held-lock.ts";
import type { LeaseBelief } from "./lease-belief.ts";
import { hasEnded } from "./listing.ts";
import type { ReleaseResult } from "./lock.ts";
import { persist } from "./persist.ts";
import { Pulse } from "./pulse.ts";
import { QuorumBelief, quorum } from "./quorum-belief.ts";
import { SessionBeliefs } from "./session-beliefs.ts";
import { strays } from "./strays.ts";
import type { SendTimes, Tenure } from "./tenure.ts";
import { VouchedBelief } from "./vouched-belief.ts";

/** A lock that ends sooner than this after it was granted is of no use to anybody, in ms. */
const usefulMsMin = 1_000;

/** An acquire that has no definite answer yet. */
export interface PendingRequest {
  readonly grantId: GrantId;
}

/**
 * One session: its heartbeats, what their answers allow to believe, and the locks that hang on it.
 */
export class Session implements LockKeeper, UpkeepOwner, Tenure<HeldLock> {
  readonly id: SessionId;
  readonly ttlMs: number;
  readonly beliefs: SessionBeliefs;
  readonly #core: ClientCore;
  readonly #pulse: Pulse;
  readonly #requests = new Set<PendingRequest>();
  /** Locks that a list did not name. */
  readonly #unlisted = new Set<GrantId>();
  /** Of its global locks. */
  readonly #upkeeps = new Set<GrantUpkeep>();
  /**
   * How long grants that name no leases of theirs may be believed in, until they are taken over.
   */
  readonly #unadmitted = new Map<GrantId, LeaseBelief>();
  readonly #onEmpty: () => void;
  #retired = false;

  /** `onEmpty`: it takes no new locks any more and has none left. */
  constructor(core: ClientCore, id: SessionId, ttlMs: number, onEmpty: () => void) {
    this.#core = core;
    this.id = id;
    this.ttlMs = ttlMs;
    this.#onEmpty = onEmpty;
    this.beliefs = new SessionBeliefs(ttlMs);
    this.#pulse = new Pulse(core, this);
  }

  /** It may take another lock. */
  get open(): boolean {
    const used = this.beliefs.locks.size + this.#requests.size;
    return !this.#retired && used < limits.locksPerSessionMax;
  }

  /** Some region has said that it lives, and long enough for now. */
  lives(): boolean {
    this.check();
    return this.beliefs.lives(this.nowMs());
  }

  get sessionId(): SessionId {
    return this.id;
  }

  /** Its grants have no ttl of their own: heartbeats keep them alive, and places in queues too. */
  get ownTtlMs(): undefined {
    return undefined;
  }

  get repeatMs(): undefined {
    return undefined;
  }

  /** After that a lease that nobody keeps alive has ended, and its grants with it. */
  get cancelMs(): number {
    return this.ttlMs;
  }

  get expecting(): boolean {
    return this.#requests.size > 0;
  }

  nowMs(): number {
    return this.#core.ports.clock.monotonicMs();
  }

  check(): void {
    this.#pulse.check();
  }

  /** A list that names this request names nothing unknown. */
  expect(request: PendingRequest): void {
    this.#requests.add(request);
  }

  /** The request has come to its end. */
  forget(request: PendingRequest): void {
    this.#requests.delete(request);
    if (this.#unadmitted.size > 0) this.#unadmitted.delete(request.grantId);
    this.#endIfEmpty();
  }

  /**
   * Puts a granted lock under its lease. `unconfirmed`: the lease may live, but nothing answered
   * lately says so, or not for long enough that anybody could do something with the lock.
   */
  admit(grant: Grant, sentAt: SendTimes, repeated: boolean): HeldLock | "ended" | "unconfirmed" {
    const now = this.#pulse.check();
    const belief = this.#beliefIn(grant, sentAt, now);
    if (belief === undefined) return "ended";
    const standing = belief.standing(now, false);
    if (!isInForce(standing) || !this.#lasts(belief, now)) return "unconfirmed";
    if (standing !== "firm") this.#pulse.soon();
    this.#unadmitted.delete(grant.grantId);
    const lock = new HeldLock(this, grant, belief, repeated, now.monotonicMs);
    // Under a belief that has other locks the timer is set already.
    if (this.beliefs.hold(lock, standing)) this.#pulse.arm();
    if (isGlobal(lock.id)) this.#keepUp(lock);
    return lock;
  }

  #lasts({ abortMs }: Belief, now: ClockReading): boolean {
    return abortMs - now.monotonicMs >= Math.min(usefulMsMin, this.ttlMs / 6);
  }

  #keepUp(lock: HeldLock): void {
    const upkeep = new GrantUpkeep(this.#core, this, lock, () => this.#upkeeps.delete(upkeep));
    this.#upkeeps.add(upkeep);
  }

  /** What the grant hangs on; undefined where too much of it has ended already. */
  #beliefIn(grant: Grant, sentAt: SendTimes, now: ClockReading): Belief | undefined {
    const { lock, grantId, confirmed, validForMs } = grant;
    if (confirmed !== undefined) return this.#quorumIn(confirmed, sentAt.first, now);
    const lease = this.#leaseIn(grant, sentAt.first, now);
    if (lease === undefined || !isGlobal(lock)) return lease;
    let told = this.#unadmitted.get(grantId);
    if (told === undefined) {
      told = new VouchedBelief({ ...lease.lease, shard: grantId }, this.ttlMs);
      told.confirm(grant.validFrom === "this-send" ? sentAt.own : sentAt.first, validForMs);
      this.#unadmitted.set(grantId, told);
    }
    return new QuorumBelief([lease], told);
  }

  #quorumIn(
    confirmed: readonly Confirmation[],
    sentAt: ClockReading,
    now: ClockReading,
  ): QuorumBelief | undefined {
    const parts = confirmed.flatMap((each) => this.#leaseIn(each, sentAt, now) ?? []);
    return parts.length < quorum ? undefined : this.beliefs.quorumOf(parts);
  }

  /**
   * A known lease keeps its own deadline: putting a lock under it has renewed nothing. One that is
   * new here may have been made for the first copy of the request, however often it was repeated.
   */
  #leaseIn(
    { lease, validForMs }: Confirmation,
    sentAt: ClockReading,
    now: ClockReading,
  ): LeaseBelief | undefined {
    const found = this.beliefs.leaseOf(lease);
    if (found === undefined || found.known) return found?.belief;
    found.belief.confirm(sentAt, validForMs);
    this.beliefs.check(now, false);
    return found.belief;
  }

  /** The place of a waiting request hangs on these: they are kept alive from now on. */
  placed(leases: readonly SessionLease[]): void {
    const isNew = leases.map((lease) => this.beliefs.leaseOf(lease)?.known === false);
    if (isNew.includes(true)) this.#pulse.soon();
  }

  /** Resolves once a heartbeat sent since `sinceMs` is answered, or at `untilMs`. */
  confirmed(untilMs: number, sinceMs: number, { lock, grantId, token }: Grant): Promise<void> {
    const told = this.#unadmitted.get(grantId);
    const heartbeat = this.#pulse.answered(untilMs, sinceMs);
    const { clock } = this.#core.ports;
    const sentAt = readClocks(clock);
    if (told === undefined || this.#lasts(told, sentAt)) return heartbeat;
    const renewal = new Promise<void>((resolve) => {
      const renew = { kind: "renew", lock, grantId, token } as const;
      this.#core.link.send(renew, heartbeatAnswerMs(this.ttlMs), (outcome) => {
        if (outcome.kind !== "renewed") return;
        told.confirm(sentAt, outcome.validForMs);
        // A heartbeat asks every region that has a lease of the session, and others wait for this
        // lock. Where it is the lease that must be confirmed, only a heartbeat does that.
        if (isInForce(told.standing(readClocks(clock), false))) resolve();
      });
    });
    return Promise.race([heartbeat, renewal]);
  }

  /** Other leases than before hold a global lock up, or it may be believed in for longer. */
  renewed(lock: HeldLock, { confirmed, validForMs }: RenewedGrant, sentAt: ClockReading): void {
    // Before the answer is believed: a lock past its deadline is lost, and stays it.
    const now = this.#pulse.check();
    if (!lock.believed) return;
    if (confirmed === undefined) {
      if (lock.belief instanceof QuorumBelief) lock.belief.renewable?.confirm(sentAt, validForMs);
    } else {
      const belief = this.#quorumIn(confirmed, sentAt, now);
      const standing = belief?.standing(now, false) ?? "expired";
      const better = belief !== undefined && belief.strength >= lock.belief.strength;
      if (better && isInForce(standing)) this.beliefs.rehang(lock, belief, standing);
    }
    this.check();
    this.#pulse.arm();
  }

  /** An answer was lost: what it said must be found out by a list. */
  wantList(): void {
    this.#pulse.wantList();
  }

  /** Another router took over: it must hear of the session at once, and list what hangs on it. */
  routerChanged(): void {
    this.wantList();
    this.#pulse.soon();
    // What the other one was asked about may be lost with its region.
    for (const upkeep of this.#upkeeps) upkeep.soon();
  }

  /** Takes no new locks; ends with the last one it has. */
  retire(): void {
    if (this.#retired) return;
    this.#retired = true;
    this.#pulse.soon();
    this.#endIfEmpty();
  }

  /** All of it has ended in the store. */
  ended(): void {
    this.beliefs.endAll();
    this.check();
    this.retire();
  }

  /** A grant was taken away. */
  forceReleased(grantId: GrantId): void {
    const lock = this.beliefs.locks.get(grantId);
    if (lock === undefined) return;
    this.beliefs.unhold(lock);
    lock.lose("force-released");
    // A copy of its acquire may be on its way still, and would be granted.
    if (lock.repeated) void this.#settle(lock);
    else this.#drop(lock);
  }

  release(lock: HeldLock): Promise<ReleaseResult> {
    this.check();
    const wasLost = !lock.believed;
    this.beliefs.unhold(lock);
    if (!this.beliefs.locks.has(lock.grantId)) return Promise.resolve("not-held");
    lock.setReleased();
    if (wasLost) {
      void this.#settle(lock);
      return Promise.resolve("not-held");
    }
    const { link, requestTimeoutMs } = this.#core;
    const startedMs = this.nowMs();
    return new Promise((resolve) => {
      const answerMs = Math.min(answerMsMax, requestTimeoutMs);
      // Nearly always the first answer is the last, and the settler has nothing to do.
      link.send(this.#releaseOf(lock), answerMs, (outcome) => {
        if (outcome.kind === "released") {
          this.#drop(lock);
          resolve("released");
          return;
        }
        const settled = this.#settle(lock, startedMs, outcome);
        const leftMs = startedMs + requestTimeoutMs - this.nowMs();
        resolve(bounded(this.#core, settled, leftMs, "unknown"));
      });
    });
  }

  /** Ends the session and everything under it, trying until `untilMs`. */
  async close(untilMs: number): Promise<void> {
    this.#retired = true;
    this.#pulse.stop();
    for (const lock of [...this.beliefs.locks.values()]) lock.lose("closed");
    this.beliefs.locks.clear();
    const { leases } = this.beliefs;
    if (leases.length === 0) return;
    await persist(this.#core, { kind: "close-session", session: this.id, leases }, untilMs);
  }

  onTick(nowMs: number): void {
    // The lease may live on, so the store would hold these for ever.
    for (const lock of this.beliefs.collect(nowMs)) void this.#settle(lock);
  }

  onAnswer(outcome: HeartbeatOutcome | Failure, sentAt: ClockReading): void {
    if (outcome.kind === "failure") {
      if (outcome.code === "SESSION_EXPIRED") this.retire();
      return;
    }
    for (const answer of outcome.leases) {
      if (answer.unknown) continue;
      if (!hasEnded(answer)) this.beliefs.confirm(answer.lease, sentAt, answer.validForMs);
      else {
        this.beliefs.end(answer.lease);
        this.retire();
        // The region answers, so global locks can be held up there anew.
        for (const upkeep of this.#upkeeps) upkeep.soon();
      }
    }
    if (outcome.leases.some((answer) => answer.held !== undefined)) {
      this.#cancelStrays(outcome);
      this.#loseUnlisted(outcome, sentAt.monotonicMs);
    }
    this.#endIfEmpty();
  }

  /**
   * A lock that is held here and that two lists in a row do not name was taken away, through a
   * router that this client is not connected to. Two, because the store's list may lag behind its
   * answers. (A global lock is renewed one by one, which finds that out for certain.)
   */
  #loseUnlisted(outcome: HeartbeatOutcome & { readonly kind: "heartbeat" }, sentMs: number): void {
    let doubted = false;
    for (const { lease, held } of outcome.leases) {
      if (held === undefined) continue;
      const listed = new Set(held.map((entry) => entry.grantId));
      for (const lock of [...this.beliefs.locks.values()]) {
        const { grantId } = lock;
        const due = lock.believed && lock.sinceMs <= sentMs && lock.belief.hangsOn(lease);
        if (!due || isGlobal(lock.id)) continue;
        const before = this.#unlisted.delete(grantId);
        if (listed.has(grantId)) continue;
        if (before) this.forceReleased(grantId);
        else {
          this.#unlisted.add(grantId);
          doubted = true;
        }
      }
    }
    if (!doubted) return;
    this.wantList();
    this.#pulse.retrySoon();
  }

  #cancelStrays(outcome: HeartbeatOutcome & { readonly kind: "heartbeat" }): void {
    const { settler } = this.#core;
    const { locks } = this.beliefs;
    const pending = new Set([...this.#requests].map((request) => request.grantId));
    const isKnown = (grantId: GrantId) =>
      locks.has(grantId) || pending.has(grantId) || settler.isSettling(grantId);
    for (const { lock, grantId } of strays(outcome.leases, isKnown)) {
      const cancel = { kind: "cancel", lock, grantId, session: this.id } as const;
      void settler.settle(cancel, this.nowMs() + (isGlobal(lock) ? endingMsMax : this.ttlMs));
    }
  }

  #releaseOf({ id, grantId, token, mode, repeated }: HeldLock): ReleaseCommand {
    const session = this.id;
    return { kind: "release", lock: id, grantId, token, mode, session, repeated };
  }

  /** Releases a lock in the store until that is definite. */
  async #settle(lock: HeldLock, startedMs = this.nowMs(), first?: Failure): Promise<ReleaseResult> {
    // Its caller may wait for longer than a lease lives that nobody keeps; this one is kept.
    const localMs = Math.max(this.ttlMs, this.#core.requestTimeoutMs);
    const untilMs = startedMs + (isGlobal(lock.id) ? endingMsMax : localMs);
    const result = await this.#core.settler.settle(this.#releaseOf(lock), untilMs, first);
    this.#drop(lock);
    return result;
  }

  #drop(lock: HeldLock): void {
    this.beliefs.locks.delete(lock.grantId);
    this.#unlisted.delete(lock.grantId);
    this.#endIfEmpty();
  }

  #endIfEmpty(): void {
    if (this.#retired && this.beliefs.locks.size === 0 && !this.expecting) this.#onEmpty();
  }
}
