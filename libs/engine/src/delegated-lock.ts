import type { Clock, Timer } from "@holdfast/base/clock";
import type { GrantId, LeaseId } from "@holdfast/base/ids";
import type { Random } from "@holdfast/base/random";
import {
  closedState,
  counterOf,
  type DelegationState,
  grantedState,
  localToken,
  openedState,
  sequenceMax,
} from "@holdfast/core/delegation/delegation-state";
import type {
  LocalHolder,
  LocalReply,
  LocalStep,
  Place,
  ReleaseStep,
  Seen,
} from "@holdfast/core/delegation/local-step";
import { type DelegationPolicy, isRecallDue, type Recall } from "@holdfast/core/delegation/recall";
import { regionsMax } from "@holdfast/core/quorum/attempt";
import type { RegisterValue } from "@holdfast/core/quorum/register-value";
import type { CancelAsking, LocalAnswer, LocalAsking, ReleaseAsking } from "./delegated-asking.ts";
import { DelegatedLine, type Waiting } from "./delegated-line.ts";
import type { DelegationSession } from "./delegation-session.ts";
import { DelegationTenure, type RegisterDoor } from "./delegation-tenure.ts";

/** The lock's keys in this region's shard. */
export interface LocalShard {
  /**
   * Carries a step out. The answer may come late or never, and then nobody knows whether it was
   * carried out, or will be after what is asked for next.
   */
  ask(step: LocalStep, answer: (reply: LocalReply) => void): void;
}

/** What a {@link DelegatedLock} needs. */
export interface DelegatedLockOptions<Lock> {
  readonly region: string;
  /** Names this coordinator in its present life: places are handed over to by who wrote them. */
  readonly coordinator: string;
  readonly shard: LocalShard;
  readonly register: RegisterDoor;
  /** The lock, as the session's leases are found by. */
  readonly lock: Lock;
  /** The session that new delegations are asked for with. */
  readonly session: () => DelegationSession<Lock>;
  /** A plain read of the register [H7]; it may never answer. */
  readonly peek: (answer: (value: RegisterValue, isDoubtful: boolean) => void) => void;
  /** A grant id that nobody used before. */
  readonly newId: () => GrantId;
  readonly clock: Clock;
  readonly random: Random;
  readonly policy: DelegationPolicy;
  /** A shard that has not answered for so long is asked what it knows, in ms. */
  readonly patienceMs: number;
  /** Register and shard are looked at this often at least, in ms: a quarter of the ttl or so. */
  readonly lookMs: number;
}

/** Callers of one lock at one coordinator; past it they are told to ask elsewhere. */
const waitersMax = 10_000;
/** Tries to give back what nobody knows to have; later it ends with its session. */
const giveBacksMax = 3;

/**
 * One lock at one coordinator of a region to which the lock is delegated now and then.
 *
 * While it is, this coordinator alone decides who of the region has it, one local step after the
 * other, and each step compares what the one before it left. It asks the register for a delegation
 * when somebody waits, and gives it back when another region does, or nobody.
 */
export class DelegatedLock<Lock = unknown> {
  readonly #options: DelegatedLockOptions<Lock>;
  readonly #line = new DelegatedLine();
  readonly #releases: ReleaseAsking[] = [];
  #tenure: DelegationTenure | undefined;
  #session: DelegationSession<Lock> | undefined;
  /** The session's leases for this lock, as far as they are known. */
  #met: ReadonlyMap<number, LeaseId> = new Map();
  /** What the shard has, as far as this coordinator knows; undefined before it is opened. */
  #state: DelegationState | undefined;
  #holder: LocalHolder | undefined;
  #isOpening = false;
  /** A step was not answered, or did not find what it expected: look before anything else. */
  #isInDoubt = false;
  #isStepping = false;
  /** No step of this delegation was ever sent, so nothing of it can come true in the shard. */
  #isUntouched = true;
  #recall: Recall | undefined;
  #version = 0;
  #idleSinceMs: number | undefined;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(options: DelegatedLockOptions<Lock>) {
    this.#options = options;
  }

  /** Requests had better come here: the lock is delegated to this coordinator, or will be. */
  get isTakingPart(): boolean {
    return this.#tenure !== undefined || this.#line.length > 0;
  }

  /** Nothing is under way, nothing waits and nothing is held: it may be forgotten. */
  get isIdle(): boolean {
    return !this.isTakingPart && this.#releases.length === 0 && !this.#isStepping;
  }

  /** Takes the lock, or a place for it; asks the register for a delegation where there is none. */
  acquire(asking: LocalAsking): void {
    const { request, wait } = asking;
    const known = this.#line.get(request.grantId);
    if (known !== undefined) {
      known.asking = asking;
      return;
    }
    if (this.#holder?.grantId === request.grantId && this.#state?.isOpen) {
      this.#tellGranted(asking, this.#holder.token);
      return;
    }
    if ((!wait && !this.#state?.isOpen) || this.#line.length >= waitersMax) {
      asking.answer({ kind: "elsewhere" });
      return;
    }
    if (!wait && !this.#mayGrant()) {
      asking.answer({ kind: this.#isFree() ? "no-quorum" : "held" });
      return;
    }
    const waiting = this.#line.add(asking);
    // Behind somebody, or before there is a delegation, it takes its place beside all other steps.
    if (wait && !this.#mayGrant()) this.#enqueue(waiting);
    this.#turn();
  }

  /** Gives a grant back, or makes sure that what was released elsewhere stays so here [H9]. */
  release(asking: ReleaseAsking): void {
    this.#releases.push(asking);
    this.#turn();
  }

  /** Gives a request up; it is granted here no more, whatever is under way. */
  cancel(asking: CancelAsking): void {
    const { grantId, marker } = asking;
    this.#line.remove(grantId);
    const step = { kind: "cancel" as const, grantId, ...(marker === undefined ? {} : { marker }) };
    this.#ask(step, (reply) => {
      if (reply?.kind !== "cancelled") return asking.answer({ kind: "unknown" });
      const { found, refused, holder } = reply;
      if (holder === undefined) return asking.answer({ kind: "cancelled", found, refused });
      return this.release({
        grantId,
        token: holder.token,
        ...(marker === undefined ? {} : { marker }),
        answer: (answer) =>
          asking.answer(
            answer.kind === "unknown" ? answer : { kind: "cancelled", found: true, refused },
          ),
      });
    });
  }

  /**
   * The register's value, however it was learned. A hint: it may be old, or not chosen at all.
   * `isDoubtful`: a region does not show a holder alive, so there may be something to do.
   */
  hint(value: RegisterValue, isDoubtful = false): void {
    const tenure = this.#tenure;
    if (tenure === undefined || value.version < this.#version) return;
    this.#version = value.version;
    const { grantId } = tenure.request;
    const holds = value.holders.some((holder) => holder.grantId === grantId);
    const waits = value.waiters.some((waiter) => waiter.grantId === grantId);
    // Only where there is something to do: a proposal takes everybody else's promises away [H7].
    const isAsWas = tenure.token === undefined ? waits && !isDoubtful : holds;
    if (!isAsWas) tenure.ask();
    const isWantedElsewhere = holds && value.waiters.length > 0;
    if (!isWantedElsewhere) this.#recall = undefined;
    else this.#recall ??= { sinceMs: this.#options.clock.monotonicMs(), handOvers: 0 };
    this.#turn();
  }

  /** Something changed in the shard: a holder's lease may have ended. A hint, too. */
  look(): void {
    if (this.#state === undefined) return;
    this.#isInDoubt = true;
    this.#turn();
  }

  /**
   * How long the delegation vouches for a grant from now on, in ms; 0: the grant is not known here.
   */
  validForMs(grantId: GrantId, token: bigint): number {
    const holder = this.#holder;
    if (holder?.grantId !== grantId || holder.token !== token || !this.#state?.isOpen) return 0;
    return this.#vouchedMs();
  }

  /** The process ends: nothing is asked or told any more. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#tenure?.forget();
  }

  #vouchedMs(): number {
    const deadlineMs = this.#tenure?.deadlineMs ?? 0;
    return Math.max(0, deadlineMs - this.#options.clock.monotonicMs());
  }

  /** The delegation is known to be in force, and to have numbers left. */
  #isUsable(): boolean {
    const state = this.#state;
    return state?.isOpen === true && state.sequence < sequenceMax && this.#vouchedMs() > 0;
  }

  #isFree(): boolean {
    return this.#holder === undefined && this.#line.length === 0;
  }

  #mayGrant(): boolean {
    return this.#isFree() && this.#isUsable() && !this.#isRecallDue();
  }

  #isRecallDue(): boolean {
    const { policy, clock } = this.#options;
    if (this.#session?.isAbandoned) return true;
    return isRecallDue(this.#recall, policy, clock.monotonicMs());
  }

  /** Does the next thing that is to be done, if there is one and nothing is under way. */
  #turn(): void {
    if (this.#isClosed) return;
    this.#arm();
    if (this.#isStepping) return;
    if (this.#isInDoubt) return this.#lookNow();
    const release = this.#releases.shift();
    if (release !== undefined) return this.#release(release);
    // Its end may be chosen at any moment: opened now, it would grant beside whoever comes next.
    if (this.#tenure?.isEnding) return this.#settleUnplaced("elsewhere");
    if (this.#isOpening) return this.#open();
    const state = this.#state;
    if (state?.isOpen) return this.#useOpen(state);
    this.#settleUnplaced("elsewhere");
    if (this.#tenure === undefined && this.#line.length > 0) this.#askForDelegation();
    else if (this.#tenure !== undefined && state !== undefined) this.#tenure.end();
    else if (this.#tenure !== undefined && this.#line.length === 0) this.#giveUpAsking();
  }

  #useOpen(state: DelegationState): void {
    const counter = counterOf(this.#tenure?.token ?? 0n);
    if (counter > state.counter) return this.#renew(state, counter);
    if (state.sequence >= this.#options.policy.renewAt) this.#tenure?.renew();
    if (this.#holder !== undefined) return this.#settleUnplaced("held");
    this.#line.dropGone();
    const head = this.#line.head();
    if (this.#isRecallDue() || (head === undefined && this.#recall !== undefined)) {
      return this.#close(state);
    }
    if (head !== undefined) {
      this.#settleUnplaced("held");
      if (this.#isUsable()) this.#promote(state, head);
      return;
    }
    const [first] = this.#line.unplaced();
    if (first !== undefined) return this.#grant(state, first);
    this.#noteIdle(state);
  }

  /** They cannot have it now: they take a place, or are told so. */
  #settleUnplaced(kind: "held" | "elsewhere"): void {
    for (const waiting of this.#line.unplaced()) {
      const { wait, request, answer } = waiting.asking;
      if (wait) {
        this.#enqueue(waiting);
      } else {
        this.#line.remove(request.grantId);
        answer({ kind });
      }
    }
  }

  #noteIdle(state: DelegationState): void {
    const { clock, policy } = this.#options;
    if (this.#line.length > 0) return;
    this.#idleSinceMs ??= clock.monotonicMs();
    if (clock.monotonicMs() - this.#idleSinceMs >= policy.idleMs) this.#close(state);
  }

  #askForDelegation(): void {
    const { session, newId, region, register, clock, patienceMs } = this.#options;
    const mine = session();
    this.#recall = undefined;
    this.#version = 0;
    this.#isUntouched = true;
    const tenure = new DelegationTenure({
      register,
      session: mine,
      request: {
        grantId: newId(),
        session: mine.id,
        region,
        ttlMs: mine.ttlMs,
        mode: "exclusive",
        owner: region,
        metadata: {},
        atMs: Math.round(clock.wallMs()),
        delegation: true,
      },
      clock,
      pauseMs: patienceMs,
      onGranted: () => {
        if (this.#state === undefined) this.#isOpening = true;
        this.#turn();
      },
      onOver: () => this.#onOver(tenure),
      onValue: (value) => this.hint(value),
    });
    this.#tenure = tenure;
    this.#session = mine;
    this.#met = mine.join(this.#options.lock, () => tenure.ask());
  }

  /** Nobody waits any more. What was never touched in the shard may end without being closed. */
  #giveUpAsking(): void {
    if (this.#isUntouched) this.#tenure?.end();
  }

  #open(): void {
    const { token, request } = this.#tenure ?? {};
    if (token === undefined || request === undefined) return;
    if (this.#isUntouched && this.#line.length === 0) return this.#giveUpAsking();
    this.#isUntouched = false;
    const state = openedState(request.grantId, counterOf(token));
    this.#step({ kind: "open", state }, (reply) => {
      if (reply === undefined) return;
      if (reply.kind === "done") this.#adopt(state, undefined);
      else if (reply.kind === "seen") this.#adoptOpened(reply, state);
    });
  }

  /** Not below its counter: it was opened before, or a later delegation was. */
  #adoptOpened(seen: Seen, state: DelegationState): void {
    if (seen.state?.id === state.id) this.#adopt(seen.state, seen.holder);
    else this.#leave();
  }

  #renew(from: DelegationState, counter: bigint): void {
    this.#step({ kind: "renew", from, counter }, (reply) => {
      if (reply?.kind === "done") this.#state = openedState(from.id, counter);
      else this.#missed(reply);
    });
  }

  #promote(from: DelegationState, place: Place): void {
    this.#step({ kind: "promote", from, place }, (reply) => {
      if (reply?.kind === "done") return this.#onGranted(from, place.request.grantId);
      this.#placeAgain(place.request.grantId);
      return this.#missed(reply);
    });
  }

  #grant(from: DelegationState, waiting: Waiting): void {
    const { request, marker, wait } = waiting.asking;
    const { grantId } = request;
    if (!this.#isUsable()) {
      if (!wait) this.#line.remove(grantId)?.asking.answer({ kind: "no-quorum" });
      else this.#enqueue(waiting);
      return;
    }
    this.#step({ kind: "grant", from, request, marker }, (reply) => {
      if (reply?.kind === "done") return this.#onGranted(from, grantId);
      if (reply?.kind === "given-up" || reply?.kind === "lease-ended") {
        this.#line.remove(grantId)?.asking.answer({ kind: reply.kind });
        return undefined;
      }
      this.#missed(reply);
      const still = this.#line.get(grantId);
      if (still === undefined) return undefined;
      if (still.asking.wait) return this.#enqueue(still);
      this.#line.remove(grantId);
      still.asking.answer({ kind: reply?.kind === "seen" ? "held" : "unknown" });
      return undefined;
    });
  }

  /** Beside all other steps: a place changes nothing about who may have the lock. */
  #enqueue(waiting: Waiting): void {
    const { request, marker } = waiting.asking;
    const { grantId } = request;
    const { coordinator } = this.#options;
    waiting.isAsked = true;
    this.#ask({ kind: "enqueue", request, marker, coordinator }, (reply) => {
      waiting.isAsked = false;
      if (this.#line.get(grantId) !== waiting || reply === undefined) return;
      if (reply.kind === "placed") {
        waiting.place = { request, marker, since: reply.since, written: reply.written };
        this.#turn();
      } else if (reply.kind === "given-up" || reply.kind === "lease-ended") {
        this.#line.remove(grantId);
        waiting.asking.answer({ kind: reply.kind });
        this.#turn();
      } else if (reply.kind === "seen" && reply.holder?.grantId === grantId) {
        this.look();
      }
    });
  }

  #placeAgain(grantId: GrantId): void {
    const waiting = this.#line.get(grantId);
    if (waiting === undefined || waiting.isAsked) return;
    delete waiting.place;
    this.#enqueue(waiting);
  }

  #close(from: DelegationState): void {
    this.#step({ kind: "close", from }, (reply) => {
      if (reply?.kind === "done") this.#adopt(closedState(from), undefined);
      else this.#missed(reply);
    });
  }

  /** Hands over along with it, or closes, where the delegation is in force. */
  #release(asking: ReleaseAsking): void {
    const { grantId, token, marker } = asking;
    const next = this.#nextAfter(grantId);
    const step: ReleaseStep = {
      kind: "release",
      grantId,
      token,
      ...(marker === undefined ? {} : { marker }),
      ...(next === undefined ? {} : { next }),
    };
    this.#step(step, (reply) => {
      if (reply?.kind !== "released") {
        this.#isInDoubt = this.#state !== undefined;
        asking.answer({ kind: "unknown" });
        return;
      }
      const { found, refused, isNextDone } = reply;
      const wasHolder = this.#holder?.grantId === grantId && this.#holder.token === token;
      if (wasHolder) this.#holder = undefined;
      asking.answer({ kind: "released", found, refused });
      if (next !== undefined) this.#afterRelease(next, isNextDone);
    });
  }

  #nextAfter(grantId: GrantId): ReleaseStep["next"] {
    const from = this.#state;
    if (!from?.isOpen || this.#holder?.grantId !== grantId) return undefined;
    this.#line.dropGone();
    const place = this.#line.head();
    const isWanted = place !== undefined || this.#recall === undefined;
    if (this.#isRecallDue() || !isWanted) return { kind: "close", from };
    if (place === undefined || !this.#isUsable()) return undefined;
    return { kind: "hand-over", from, place };
  }

  #afterRelease(next: NonNullable<ReleaseStep["next"]>, isDone: boolean): void {
    if (!isDone) {
      this.#isInDoubt = true;
      if (next.kind === "hand-over") this.#placeAgain(next.place.request.grantId);
    } else if (next.kind === "close") {
      this.#adopt(closedState(next.from), undefined);
    } else {
      this.#onGranted(next.from, next.place.request.grantId);
    }
  }

  #onGranted(from: DelegationState, grantId: GrantId): void {
    const state = grantedState(from);
    this.#adopt(state, { grantId, token: localToken(state) });
    if (this.#recall !== undefined) {
      this.#recall = { ...this.#recall, handOvers: this.#recall.handOvers + 1 };
    }
  }

  /** The shard has this; if the holder is one that asks here, it is told. */
  #adopt(state: DelegationState, holder: LocalHolder | undefined): void {
    this.#isOpening = false;
    this.#isInDoubt = false;
    this.#state = state;
    this.#holder = holder;
    if (holder === undefined) return;
    this.#idleSinceMs = undefined;
    const waiting = this.#line.remove(holder.grantId);
    if (waiting !== undefined) this.#tellGranted(waiting.asking, holder.token);
  }

  #tellGranted(asking: LocalAsking, token: bigint): void {
    const validForMs = this.#vouchedMs();
    const { marker, request } = asking;
    if (asking.isOver()) {
      this.#giveBack({ grantId: request.grantId, token, marker }, giveBacksMax);
      return;
    }
    const answer: LocalAnswer = { kind: "granted", token, validForMs };
    asking.answer(validForMs > 0 ? answer : { kind: "unknown" });
  }

  /** Nobody knows that it has the lock, and nobody would give it back. */
  #giveBack(grant: Omit<ReleaseAsking, "answer">, tries: number): void {
    this.#releases.push({
      ...grant,
      answer: ({ kind }) => {
        if (kind === "unknown" && tries > 1) this.#giveBack(grant, tries - 1);
      },
    });
  }

  #lookNow(): void {
    this.#step({ kind: "look" }, (reply) => {
      if (reply?.kind === "seen") this.#adoptSeen(reply);
    });
  }

  /** A step that was not carried out, or of which nobody knows. */
  #missed(reply: LocalReply | undefined): void {
    if (reply?.kind === "seen") this.#adoptSeen(reply);
    else this.#isInDoubt = true;
  }

  #adoptSeen({ state, holder }: Seen): void {
    const known = this.#state;
    this.#isInDoubt = false;
    if (known === undefined) return;
    if (state !== undefined && state.id !== known.id && state.counter > known.counter) {
      this.#leave();
    } else if (state === undefined || isBefore(state, known)) {
      // The shard has lost what it knew: somebody may believe of whom it knows nothing.
      this.#tenure?.abandon();
      this.#forgetTenure();
    } else {
      this.#adopt(state, holder);
    }
  }

  /** A later delegation was opened, so this one has ended. */
  #leave(): void {
    this.#tenure?.forget();
    this.#forgetTenure();
  }

  #onOver(tenure: DelegationTenure): void {
    if (this.#tenure === tenure) this.#forgetTenure();
    this.#turn();
  }

  #forgetTenure(): void {
    this.#tenure = undefined;
    this.#state = undefined;
    this.#holder = undefined;
    this.#isOpening = false;
    this.#isInDoubt = false;
    this.#idleSinceMs = undefined;
  }

  /** One at a time, for each compares what the one before it left. */
  #step(step: LocalStep, then: (reply: LocalReply | undefined) => void): void {
    const tenure = this.#tenure;
    this.#isStepping = true;
    this.#ask(step, (reply) => {
      this.#isStepping = false;
      // What was left meanwhile is nobody's any more, but a release must be answered.
      if (this.#tenure === tenure || step.kind === "release") then(reply);
      this.#turn();
    });
  }

  /** The answer, or undefined once it was waited for long enough. */
  #ask(step: LocalStep, then: (reply: LocalReply | undefined) => void): void {
    const { shard, clock, patienceMs } = this.#options;
    let isAnswered = false;
    const once = (reply: LocalReply | undefined) => {
      if (isAnswered || this.#isClosed) return;
      isAnswered = true;
      timer.cancel();
      then(reply?.kind === "moved" ? undefined : reply);
    };
    const timer = clock.schedule(patienceMs, () => once(undefined));
    shard.ask(step, once);
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#isClosed || !this.isTakingPart) return;
    const { clock, random, lookMs } = this.#options;
    this.#timer = clock.schedule(lookMs * (1 + random.next()), () => {
      this.#timer = undefined;
      this.#tick();
    });
  }

  /** Sees to a lease in each region, and to liveness that hangs on the very one. */
  #thicken(tenure: DelegationTenure): void {
    const session = this.#session;
    if (session === undefined) return;
    const live = session.liveIn(this.#met);
    if (live.length < regionsMax) this.#met = session.join(this.#options.lock, () => {});
    const { confirmed } = tenure;
    const isMissing = live.some((region) => confirmed.get(region) !== this.#met.get(region));
    if (tenure.token !== undefined && isMissing) tenure.ask();
  }

  /** What nobody tells is found out: a holder gone, a place lost, a register that changed [H7]. */
  #tick(): void {
    this.#line.dropGone();
    const tenure = this.#tenure;
    if (tenure !== undefined) {
      this.#thicken(tenure);
      this.#options.peek((value, isDoubtful) => this.hint(value, isDoubtful));
    }
    if (this.#holder !== undefined) this.#isInDoubt = true;
    this.#turn();
  }
}

/** Of the same delegation, or of none: what the shard has is older than what it had. */
function isBefore(state: DelegationState, known: DelegationState): boolean {
  if (state.counter !== known.counter) return state.counter < known.counter;
  if (state.sequence !== known.sequence) return state.sequence < known.sequence;
  return state.isOpen && !known.isOpen;
}
