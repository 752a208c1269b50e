import type { Failure } from "@holdfast/base/failure";
import type { GrantId } from "@holdfast/base/ids";
import type { RenewOutcome } from "@holdfast/core/command/outcome";
import { type ClockReading, readClocks } from "@holdfast/core/lease/validity";
import { answerMsMax, heartbeatAnswerMs } from "./answer-time.ts";
import type { ClientCore } from "./client-core.ts";
import type { Due } from "./due-list.ts";
import type { HeldLock } from "./held-lock.ts";

/** A grant that every region holds up is looked after this often: it may have been taken away. */
const pauseMsMax = 60_000;
/** Between two tries of one that is about to run out. */
const pauseMsMin = 100;

/** Regions that hold a global lock up when all is well. */
const regionsAtBest = 3;

/** How a global grant stands by now. */
export type RenewedGrant = Exclude<RenewOutcome, Failure>;

/** Whose locks they are. */
export interface UpkeepOwner {
  readonly ttlMs: number;
  /** `sentAt` was read before it was asked. */
  renewed(lock: HeldLock, renewed: RenewedGrant, sentAt: ClockReading): void;
  forceReleased(grantId: GrantId): void;
}

/**
 * Renews one global lock for as long as it is held. Heartbeats keep sessions alive and say nothing
 * of a single grant: this finds out that it was taken away, lets a region that was gone when the
 * lock was granted count once it is back, and extends what is granted for a while only.
 */
export class GrantUpkeep {
  readonly #core: ClientCore;
  readonly #owner: UpkeepOwner;
  readonly #lock: HeldLock;
  #pauseMs: number;
  #failures = 0;
  /** Renewals sent. */
  #asked = 0;
  #due: Due | undefined;

  /** Begins at once and ends with the lock; `onEnd` hears of that. */
  constructor(core: ClientCore, owner: UpkeepOwner, lock: HeldLock, onEnd: () => void) {
    this.#core = core;
    this.#owner = owner;
    this.#lock = lock;
    this.#pauseMs = owner.ttlMs / 3;
    lock.onStateChange(({ state }) => {
      // A region that held it up has fallen silent; another one may by now.
      if (state === "jeopardy") this.soon();
      if (lock.believed) return;
      this.#stop();
      onEnd();
    });
    // Most grants are answered for by the first two regions that accept them; were one of these
    // lost soon, the third would have to be known by then.
    this.#later(owner.ttlMs / 6);
  }

  /** Another region may be known to hold it up, or must be found. */
  soon(): void {
    if (!this.#isWhole) this.#later(this.#owner.ttlMs / 12);
  }

  get #isWhole(): boolean {
    const { belief } = this.#lock;
    return belief.strength >= regionsAtBest && !this.#isRenewable;
  }

  get #isRenewable(): boolean {
    return this.#lock.belief.renewByMs !== undefined;
  }

  /** What is granted for a while only may be granted for less than the session's ttl. */
  get #untilRenewalMs(): number {
    const { renewByMs = Infinity } = this.#lock.belief;
    const leftMs = renewByMs - this.#core.ports.clock.monotonicMs();
    return Math.max(pauseMsMin, leftMs / 3);
  }

  #later(longestMs: number): void {
    const { clock, random } = this.#core.ports;
    this.#stop();
    const pauseMs = Math.min(longestMs, this.#untilRenewalMs);
    const dueMs = clock.monotonicMs() + pauseMs * (0.5 + random.next() / 2);
    this.#due = { dueMs, onDue: () => this.#renew() };
    this.#core.dues.add(this.#due);
  }

  #stop(): void {
    if (this.#due !== undefined) this.#core.dues.remove(this.#due);
  }

  #renew(): void {
    const { link, ports } = this.#core;
    const { id: lock, grantId, token } = this.#lock;
    if (!link.connected) {
      this.#later(this.#owner.ttlMs / 12);
      return;
    }
    const sentAt = readClocks(ports.clock);
    const asked = ++this.#asked;
    // Whoever vouches for it may just be beginning again: an answer to either will do.
    if (this.#isRenewable) this.#later(this.#answerMs);
    const hear = (outcome: RenewOutcome | Failure) => {
      if (!this.#lock.believed) return;
      const renewed = outcome.kind === "renewed";
      if (renewed) this.#owner.renewed(this.#lock, outcome, sentAt);
      // By two regions that agree. Any other failure says nothing: the deadlines decide.
      else if (outcome.code === "NOT_HELD") this.#owner.forceReleased(grantId);
      const isNews = renewed || asked === this.#asked;
      if (this.#lock.believed && isNews) this.#later(this.#pauseAfter(renewed));
    };
    void link.relay({ kind: "renew", lock, grantId, token }, this.#usefulMs).then(hear);
  }

  /** How long an answer may take before it is asked for again. */
  get #answerMs(): number {
    return heartbeatAnswerMs(Math.min(this.#owner.ttlMs, 3 * this.#untilRenewalMs));
  }

  /** A late answer is as good as any while the lock is believed in. */
  get #usefulMs(): number {
    const { renewByMs } = this.#lock.belief;
    if (renewByMs === undefined) return this.#answerMs;
    const leftMs = renewByMs - this.#core.ports.clock.monotonicMs();
    return Math.min(answerMsMax, Math.max(this.#answerMs, leftMs));
  }

  #pauseAfter(renewed: boolean): number {
    const { ttlMs } = this.#owner;
    this.#failures = renewed ? 0 : this.#failures + 1;
    if (!renewed) return Math.min((ttlMs / 24) * 2 ** Math.min(this.#failures, 10), pauseMsMax);
    if (this.#isRenewable) return ttlMs / 3;
    // A region that is gone may stay gone for long.
    this.#pauseMs = this.#isWhole ? pauseMsMax : Math.min(2 * this.#pauseMs, pauseMsMax);
    return this.#pauseMs;
  }
}
