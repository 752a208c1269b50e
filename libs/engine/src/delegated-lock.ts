import type { GrantId } from "@holdfast/base/ids";
import {
  closedState,
  counterOf,
  type DelegationState,
  grantedState,
  isOlderState,
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
} from "@holdfast/core/delegation/local-step";
import type { GlobalRequest, RegisterValue } from "@holdfast/core/quorum/register-value";
import { cancelIn, releaseAnswer, releaseStep, tellGrant } from "./delegated-answers.ts";
import type { CancelAsking, LocalAsking, ReleaseAsking } from "./delegated-asking.ts";
import { DelegatedHolder } from "./delegated-holder.ts";
import { DelegatedLine, type Waiting } from "./delegated-line.ts";
import { type DelegatedLockOptions, waitersMax } from "./delegated-lock-options.ts";
import { DelegatedSteps, type OnReply } from "./delegated-steps.ts";
import { DelegationAdoption } from "./delegation-adoption.ts";
import type { Confirmed, DelegationTenure } from "./delegation-tenure.ts";
import { DelegationTenures } from "./delegation-tenures.ts";
import { LookTimer } from "./look-timer.ts";

/**
 * One lock at one coordinator of a region to which the lock is delegated now and then. While it is,
 * it decides who of the region has it, one local step after the other, and each compares what the
 * one before it left. It asks the register for a delegation when somebody waits, and gives it back
 * when another region does, or nobody.
 */
export class DelegatedLock<Lock = unknown> {
  readonly #options: DelegatedLockOptions<Lock>;
  readonly #steps: DelegatedSteps;
  readonly #line: DelegatedLine;
  readonly #adoption: DelegationAdoption;
  readonly #releases: ReleaseAsking[] = [];
  readonly #tenures: DelegationTenures<Lock>;
  /** What the shard has, as far as this coordinator knows; undefined before it is opened. */
  #state: DelegationState | undefined;
  readonly #holder: DelegatedHolder;
  /** A step was not answered, or did not find what it expected: look before anything else. */
  #isInDoubt = false;
  readonly #timer: LookTimer;
  readonly #peek = () => this.#options.peek((...seen) => this.hint(...seen));
  #isClosed = false;
  #wasTakingPart = false;

  constructor(options: DelegatedLockOptions<Lock>) {
    this.#options = options;
    this.#steps = new DelegatedSteps(options.shard, options.clock, options.patienceMs);
    this.#line = new DelegatedLine({
      steps: this.#steps,
      coordinator: options.coordinator,
      clock: options.clock,
      onPlaced: () => this.#turn(),
      onHolding: () => this.look(),
    });
    this.#holder = new DelegatedHolder(this.#line, () => this.#vouchedMs);
    this.#tenures = new DelegationTenures(
      options,
      () => this.#turn(),
      () => {
        this.#leave();
        this.#adoption.retry(this.#tenures.left);
        this.#turn();
      },
      this.#peek,
    );
    this.#timer = new LookTimer({ ...options, onLook: () => this.#tick() });
    this.#adoption = new DelegationAdoption({
      region: options.region,
      steps: this.#steps,
      mayAdopt: options.mayAdopt,
      onFound: (request, state, holder) => this.#adoptOpen(request, state, holder),
      onOver: () => this.#turn(),
    });
  }

  /** Requests had better come here: the lock is delegated to this coordinator, or will be. */
  get isTakingPart(): boolean {
    return this.#tenure !== undefined || this.#adoption.isUnderWay || this.#line.length > 0;
  }

  /** The register was asked for a delegation, or is known to have granted it. */
  get delegation(): "asked" | "granted" | undefined {
    return this.#tenure && (this.#tenure.token === undefined ? "asked" : "granted");
  }

  /** Nothing is under way or waits, and nothing is held: it may be forgotten. */
  get isIdle(): boolean {
    return !this.isTakingPart && this.#releases.length === 0 && !this.#steps.isBusy;
  }

  /** Takes the lock, or a place for it; asks the register for a delegation where there is none. */
  acquire(asking: LocalAsking): void {
    const { request, wait } = asking;
    // One that waits no more is out of the line; its caller withdraws the place.
    if (!wait) this.#line.remove(request.grantId);
    else if (this.#line.join(asking)) return;
    const { now: holder } = this.#holder;
    const isHolding = holder?.grantId === request.grantId && this.#state?.isOpen === true;
    if (!wait && isHolding) {
      tellGrant(asking, holder.token, this.#vouchedMs);
      return;
    }
    const isFull = !isHolding && this.#line.length >= waitersMax;
    if ((!wait && !this.#state?.isOpen) || isFull) {
      asking.answer({ kind: "elsewhere" });
      return;
    }
    const mayGrant = this.#mayGrant();
    if (!wait && !mayGrant) {
      asking.answer({ kind: this.#isFree ? "no-quorum" : "held" });
      return;
    }
    const waiting = this.#line.add(asking);
    // Behind somebody, or before there is a delegation, it takes its place beside all other steps.
    if (wait && !isHolding && (!mayGrant || this.#steps.isBusy)) this.#line.takePlace(waiting);
    this.#turn();
  }

  /** Gives a grant back, or makes sure that what was released elsewhere stays so here [H9]. */
  release(asking: ReleaseAsking): void {
    if (this.#releases.length < waitersMax) this.#releases.push(asking);
    else asking.answer({ kind: "unknown" });
    this.#turn();
  }

  /** Gives a request up; it is granted here no more, whatever is under way. */
  cancel(asking: CancelAsking): void {
    this.#line.remove(asking.grantId);
    cancelIn(this.#steps, asking, (release) => this.release(release));
    this.#tellActivity();
  }

  /**
   * The register's value: a hint, it may be old, or not chosen. `isDoubtful`: a region does not
   * show a holder alive. `confirmed`: where liveness stands by one ballot that two regions show.
   */
  hint(value: RegisterValue, isDoubtful = false, confirmed?: Confirmed): void {
    const [delegate] = value.holders;
    if (delegate?.delegation && this.#tenures.mayBeLeftFor(delegate.grantId)) {
      this.#adoption.consider(delegate, this.#tenures.left);
    }
    this.#tenure?.hint(value, isDoubtful, confirmed);
  }

  /** Gives the delegation back if nobody has the lock by it; false: nothing is given back. */
  yieldIdle(): boolean {
    const isIdle = this.#isFree && this.#state?.isOpen === true;
    if (isIdle) this.#tenure?.wantedElsewhere();
    this.#turn();
    return isIdle;
  }

  /** Whether it stands in line here, or has the lock here as far as is known. */
  knows(grantId: GrantId): "waits" | "holds" | undefined {
    if (this.#holder.is(grantId)) return "holds";
    return this.#line.get(grantId) === undefined ? undefined : "waits";
  }

  /** Requests in line here. */
  get lineLength(): number {
    return this.#line.length;
  }

  /** If this one has the lock by another coordinator's delegation, that is gone on with. */
  need(grantId: GrantId): void {
    this.#holder.need(grantId);
  }

  /** The grant's key is gone from the shard. A hint: the one that released it may hear yet. */
  gone(grantId: GrantId): void {
    if (this.#holder.is(grantId) && !this.#steps.isBusy) this.look();
  }

  /** Something changed in the shard: a holder's lease may have ended. A hint, too. */
  look(): void {
    if (this.#state === undefined) return;
    this.#isInDoubt = true;
    this.#turn();
  }

  /** How long the delegation vouches for a grant from now on, in ms; 0: it is not known here. */
  validForMs(grantId: GrantId, token: bigint): number {
    return this.#holder.is(grantId, token) && this.#state?.isOpen ? this.#vouchedMs : 0;
  }

  /**
   * The process is about to end: nothing is asked for any more, and what nobody has is given back.
   */
  retire(): void {
    this.#tenures.retire();
    this.#turn();
  }

  /** What is not given back yet: `held` while somebody has the lock, who keeps it in any case. */
  get leftover(): "none" | "held" | "idle" {
    if (this.#tenure === undefined) return "none";
    return this.#holder.now === undefined ? "idle" : "held";
  }

  /** The process ends: nothing is asked or told any more. */
  close(): void {
    this.#isClosed = true;
    this.#line.close();
    this.#steps.close();
    this.#timer.cancel();
    this.#tenure?.forget();
  }

  get #tenure(): DelegationTenure<Lock> | undefined {
    return this.#tenures.now;
  }

  get #vouchedMs(): number {
    return this.#tenure?.vouchedMs ?? 0;
  }

  /** The delegation is known to be in force, and to have numbers left. */
  #isUsable(): boolean {
    const { isOpen = false, sequence = 0 } = this.#state ?? {};
    return isOpen && sequence < sequenceMax && this.#vouchedMs > 0;
  }

  get #isFree(): boolean {
    return this.#holder.now === undefined && this.#line.length === 0;
  }

  #mayGrant(): boolean {
    return this.#isFree && this.#isUsable() && !this.#isRecallDue();
  }

  #isRecallDue(): boolean {
    const isGranted = () => this.#line.head() !== undefined && this.#isUsable();
    return this.#tenures.isRecallDue(this.#line.length > 0, isGranted);
  }

  /** Does the next thing that is to be done, if there is one and nothing is under way. */
  #turn(): void {
    if (this.#isClosed) return;
    if (this.isTakingPart) this.#timer.arm();
    this.#holder.tell();
    if (!this.#steps.isBusy) this.#next()?.();
    this.#tellActivity();
  }

  #tellActivity(): void {
    const { isTakingPart } = this;
    if (isTakingPart === this.#wasTakingPart) return;
    this.#wasTakingPart = isTakingPart;
    this.#options.onTakingPart?.(isTakingPart);
  }

  #next(): (() => void) | undefined {
    if (this.#tenures.isRetiring) this.#line.dropGone();
    if (this.#isInDoubt) return () => this.#step({ kind: "look" }, (reply) => this.#saw(reply));
    const release = this.#releases.shift();
    if (release !== undefined) return () => this.#release(release);
    const tenure = this.#tenure;
    const state = this.#state;
    // Its end may be chosen at any moment: opened now, it would grant beside whoever comes next.
    if (tenure?.isEnding) return () => this.#line.settleUnplaced("elsewhere");
    if (state?.isOpen) return this.#nextOf(state);
    this.#line.settleUnplaced("elsewhere");
    if (tenure === undefined) {
      const isWanted = this.#line.length > 0 && !this.#adoption.isUnderWay;
      return isWanted ? () => this.#tenures.ask() : undefined;
    }
    if (state !== undefined) return () => tenure.end();
    // Nobody waits any more. What was never touched in the shard ends without being closed.
    if (this.#tenures.isUntouched && this.#line.length === 0) return () => tenure.end();
    const { token, request } = tenure;
    if (token === undefined) return undefined;
    // Sent before, and the shard may have lost it since: opened once more it would begin anew.
    const isTooLate = !this.#tenures.isUntouched && !this.#options.mayAdopt(request);
    return isTooLate ? () => this.#desert() : () => this.#open(request.grantId, token);
  }

  /** What an open delegation is used for next. */
  #nextOf(state: DelegationState): (() => void) | undefined {
    const tenure = this.#tenure;
    const counter = counterOf(tenure?.token ?? 0n);
    if (counter > state.counter) return () => this.#renew(state, counter);
    if (state.sequence >= this.#options.policy.renewAt) tenure?.renew();
    if (this.#holder.now !== undefined) return () => this.#line.settleUnplaced("held");
    this.#line.dropGone();
    const head = this.#line.head();
    if (this.#isRecallDue()) return () => this.#close(state);
    if (head !== undefined) {
      this.#line.settleUnplaced("held");
      return this.#isUsable() ? () => this.#promote(state, head) : undefined;
    }
    const [first] = this.#line.unplaced();
    if (first !== undefined) return () => this.#grant(state, first);
    const isIdle = this.#line.length === 0 && this.#tenures.isIdleForLong();
    return isIdle ? () => this.#close(state) : undefined;
  }

  /**
   * See {@link DelegationAdoption}. Where only this one can tell whoever has the lock by it, the
   * delegation that is asked for here is given up for it.
   */
  #adoptOpen(request: GlobalRequest, state: DelegationState, holder?: LocalHolder): boolean {
    if (this.#isClosed) return false;
    if (this.#tenure !== undefined) {
      const isOurs = holder !== undefined && this.#holder.isNeeded(holder.grantId);
      if (isOurs && this.#tenures.isUntouched) this.#tenure.end();
      return !isOurs;
    }
    this.#tenures.adopt(request);
    this.#state = state;
    this.#isInDoubt = true;
    return true;
  }

  /** Only one that this coordinator asked for, and was given [H9]. */
  #open(id: GrantId, token: bigint): void {
    this.#tenures.isUntouched = false;
    const state = openedState(id, counterOf(token));
    this.#step({ kind: "open", state }, (reply) => {
      if (reply?.kind === "done") this.#adopt(state, undefined);
      else if (reply?.kind !== "seen") return;
      // Not below its counter: it was opened before, or a later delegation was.
      else if (reply.state?.id === state.id) this.#adopt(reply.state, reply.holder);
      else this.#leave();
    });
  }

  #renew(from: DelegationState, counter: bigint): void {
    this.#step({ kind: "renew", from, counter }, (reply) => {
      if (reply?.kind === "done") this.#state = openedState(from.id, counter);
      else this.#missed(reply);
    });
  }

  #promote(from: DelegationState, place: Place): void {
    this.#step({ kind: "promote", from, place }, (reply) => {
      const { grantId } = place.request;
      if (reply?.kind === "done") {
        this.#onGranted(from, grantId);
      } else {
        this.#line.placeAgain(grantId);
        this.#missed(reply);
      }
    });
  }

  #grant(from: DelegationState, waiting: Waiting): void {
    const { request, marker } = waiting.asking;
    const { grantId } = request;
    if (!this.#isUsable()) {
      this.#line.notGranted(waiting, "no-quorum");
      return;
    }
    this.#step({ kind: "grant", from, request, marker }, (reply) => {
      if (reply?.kind === "done") {
        this.#onGranted(from, grantId);
      } else if (reply?.kind === "given-up" || reply?.kind === "lease-ended") {
        this.#line.refuse(waiting, reply.kind);
      } else {
        this.#missed(reply);
        const isThere = this.#line.get(grantId) === waiting;
        if (isThere) this.#line.notGranted(waiting, reply?.kind === "seen" ? "held" : "unknown");
      }
    });
  }

  #close(from: DelegationState): void {
    this.#step({ kind: "close", from }, (reply) => {
      if (reply?.kind === "done") this.#adopt(closedState(from), undefined);
      else this.#missed(reply);
    });
  }

  /** Hands over along with it, or closes, where the delegation is in force. */
  #release(asking: ReleaseAsking): void {
    const { grantId, token } = asking;
    const next = this.#nextAfter(grantId);
    const tenure = this.#tenure;
    this.#step(releaseStep(asking, next), (reply) => {
      const answer = releaseAnswer(reply, next);
      // Of a delegation that was left meanwhile it says nothing about the one there is now.
      if (this.#tenure === tenure) {
        if (answer.kind === "unknown") this.#isInDoubt = this.#state !== undefined;
        else if (this.#holder.is(grantId, token)) this.#holder.set(undefined);
        if (reply?.kind === "released" && next) this.#afterRelease(next, reply.isNextDone);
      }
      // The coordinator under which it had it is gone: what is open in the shard is gone on with.
      const isOrphaned = answer.kind === "released" && answer.found && this.#tenure === undefined;
      if (isOrphaned) this.#peek();
      asking.answer(answer);
    });
  }

  #nextAfter(grantId: GrantId): ReleaseStep["next"] {
    const from = this.#state;
    if (!from?.isOpen || !this.#holder.is(grantId)) return undefined;
    this.#line.dropGone();
    const place = this.#line.head();
    if (this.#isRecallDue()) return { kind: "close", from };
    if (place === undefined || !this.#isUsable()) return undefined;
    return { kind: "hand-over", from, place };
  }

  #afterRelease(next: NonNullable<ReleaseStep["next"]>, isDone: boolean): void {
    if (!isDone) {
      this.#isInDoubt = true;
      if (next.kind === "hand-over") this.#line.placeAgain(next.place.request.grantId);
    } else if (next.kind === "close") {
      this.#adopt(closedState(next.from), undefined);
    } else {
      this.#onGranted(next.from, next.place.request.grantId);
    }
  }

  #onGranted(from: DelegationState, grantId: GrantId): void {
    const state = grantedState(from);
    this.#adopt(state, { grantId, token: localToken(state) });
    this.#tenure?.countGrant();
  }

  /** The shard has this; if the holder is one that asks here, it is told. */
  #adopt(state: DelegationState, holder: LocalHolder | undefined): void {
    this.#isInDoubt = false;
    this.#state = state;
    this.#holder.set(holder);
    if (holder === undefined) return;
    this.#tenures.noteUse();
    this.#holder.tell();
  }

  /** A step that was not carried out, or of which nobody knows. */
  #missed(reply: LocalReply | undefined): void {
    this.#isInDoubt = true;
    this.#saw(reply);
  }

  #saw(reply: LocalReply | undefined): void {
    if (reply?.kind !== "seen") return;
    const { state, holder } = reply;
    const known = this.#state;
    this.#isInDoubt = false;
    if (known === undefined) return;
    if (state !== undefined && state.id !== known.id && state.counter > known.counter) {
      this.#leave();
    } else if (state === undefined || isOlderState(state, known)) {
      // The shard has lost what it knew: somebody may believe of whom it knows nothing.
      this.#tenure?.abandon();
      this.#leave();
    } else {
      this.#adopt(state, holder);
    }
  }

  /**
   * The shard has not answered for a whole ttl. Kept alive from here, the delegation would keep the
   * lock from everybody; those who wait may ask the register, which needs the two others only.
   */
  #desert(): void {
    this.#tenure?.abandon();
    this.#leave();
    this.#line.refuseAll("unknown");
  }

  /** Of the delegation nothing is left to be done here. */
  #leave(): void {
    this.#tenures.leave();
    this.#state = undefined;
    this.#holder.set(undefined);
    this.#isInDoubt = false;
  }

  /** What was left meanwhile is nobody's any more, but a release must be answered. */
  #step(step: LocalStep, then: OnReply): void {
    const tenure = this.#tenure;
    this.#steps.inTurn(step, (reply) => {
      if (this.#tenure === tenure || step.kind === "release") then(reply);
      this.#turn();
    });
  }

  /** What nobody tells is found out: a holder gone, a place lost, a register that changed [H7]. */
  #tick(): void {
    this.#line.dropGone();
    if (this.#tenure?.token !== undefined && !this.#tenure.isLiveAtHome) this.#desert();
    this.#tenure?.thicken();
    if (this.#tenure !== undefined) this.#peek();
    if (this.#holder.now !== undefined) this.#isInDoubt = true;
    this.#turn();
  }
}
