import type { Clock, Timer } from "@holdfast/base/clock";
import type { GrantId, LeaseId } from "@holdfast/base/ids";
import { type DelegationPolicy, isRecallDue, type Recall } from "@holdfast/core/delegation/recall";
import { regionsMax } from "@holdfast/core/quorum/attempt";
import type { RegisterCommand, RegisterOutcome } from "@holdfast/core/quorum/register-command";
import type { GlobalRequest, RegisterValue } from "@holdfast/core/quorum/register-value";
import { majority } from "@holdfast/core/quorum/votes";
import type { DelegationSession, LeasesOfLock } from "./delegation-session.ts";
import type { Asking, ProposerAnswer } from "./register-proposer.ts";

/** Who lives shows so within that time of its turn: two oceans, and a region that is busy. */
const showsWithinMs = 250;
/** For so long a request that seems to have come to nothing may turn out to be granted. */
const giveUpAfterMs = 1_500;

/** Where commands for the lock's register go: this coordinator's proposer. */
export interface RegisterDoor {
  submit(asking: Asking): void;
}

/** What a {@link DelegationTenure} needs. */
export interface TenureOptions<Lock> {
  readonly request: GlobalRequest;
  /** Another coordinator has asked for it before [H5]. */
  readonly wasAsked: boolean;
  readonly register: RegisterDoor;
  readonly session: DelegationSession<Lock>;
  /** The lock, as the session's leases are found by. */
  readonly lock: Lock;
  readonly clock: Clock;
  readonly policy: DelegationPolicy;
  /** Between two tries where the register gave no definite answer, in ms. */
  readonly pauseMs: number;
  /** The register has granted it, has given it a counter, or has others waiting for it. */
  readonly onChange: () => void;
  /** It is over in the register, for good. */
  readonly onOver: () => void;
  /** The register had better be looked at now: who came before it may be dead. */
  readonly onDoubt: () => void;
}

/** The leases that a grant's liveness hangs on, by region. */
export type Confirmed = (grantId: GrantId) => ReadonlyMap<number, LeaseId>;

type Wish = "ask" | "renew" | "end";

/**
 * One delegation as the register has it: asked for, granted, kept confirmed, given another
 * counter, ended. One command at a time is under way, and is repeated until its answer is definite.
 */
export class DelegationTenure<Lock = unknown> {
  readonly request: GlobalRequest;
  readonly #options: TenureOptions<Lock>;
  /** The session's leases for this lock, as far as they are known. */
  readonly #leases: LeasesOfLock = new Map();
  /** Whose liveness was put by one accept each, the latest last; they do not add up [H2]. */
  #confirmed: (() => ReadonlyMap<number, LeaseId>)[] = [];
  #token: bigint | undefined;
  #recall: Recall | undefined;
  #version = 0;
  /** Of the register, when who had the lock was last doubted. */
  #doubtedVersion = -1;
  #wish: Wish | undefined;
  #underWay: Wish | undefined;
  #wasAsked: boolean;
  /** Nothing comes of it: asked for now, it would be had by nobody. */
  #isGivenUp = false;
  #isEnding = false;
  #isOver = false;
  #timer: Timer | undefined;
  #doubtTimer: Timer | undefined;
  #giveUpTimer: Timer | undefined;

  /** Asks for the delegation as soon as its session has leases to hang it on. */
  constructor(options: TenureOptions<Lock>) {
    this.#options = options;
    this.request = options.request;
    this.#wasAsked = options.wasAsked;
    const { session, lock } = options;
    session.join(lock, this.#leases, () => {
      // What its own shard does not answer for it could do nothing with but keep it from others.
      if (session.isLiveAtHome(this.#leases)) this.ask();
      else this.#giveUpSoon();
    });
  }

  /** What the register gave it, the latest; undefined: nothing yet. */
  get token(): bigint | undefined {
    return this.#token;
  }

  /** The session's lease is known to live in this coordinator's own region. */
  get isLiveAtHome(): boolean {
    return this.#options.session.isLiveAtHome(this.#leases);
  }

  /** Its end was proposed. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** D less now: how long what is granted under it may be believed in, in ms; 0: not at all. */
  get vouchedMs(): number {
    const deadlines = this.#confirmed.map((each) => this.#deadlineMs(each));
    return Math.max(0, Math.max(0, ...deadlines) - this.#options.clock.monotonicMs());
  }

  /** Somebody needs the register itself, and does not wait there. */
  wantedElsewhere(): void {
    this.#recall ??= { sinceMs: this.#options.clock.monotonicMs(), handOvers: 0 };
  }

  /** Somebody waits for it in the register. */
  get isWantedElsewhere(): boolean {
    return this.#recall !== undefined;
  }

  /** The next release is to close it. */
  get isRecallDue(): boolean {
    const { session, policy, clock } = this.#options;
    return session.isAbandoned || isRecallDue(this.#recall, policy, clock.monotonicMs());
  }

  /** Somebody got the lock under it. */
  countGrant(): void {
    const recall = this.#recall;
    if (recall !== undefined) this.#recall = { ...recall, handOvers: recall.handOvers + 1 };
  }

  /** Asks for it, or looks again what became of it and attaches its liveness anew. */
  ask(): void {
    this.#want("ask");
  }

  /** Asks for the next counter. */
  renew(): void {
    // One that is under way brings what is wanted, and a second one would use up a counter.
    if (this.#underWay !== "renew") this.#want("renew");
  }

  /** Gives it back, whatever became of it. Nothing may be granted under it any more. */
  end(): void {
    this.#isEnding = true;
    this.#want("end");
  }

  /** Leaves it to expire: nothing that hangs on its session is kept alive any more. */
  abandon(): void {
    this.#options.session.abandon();
    this.forget();
  }

  /** Nothing of it matters to this coordinator any more. */
  forget(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const timer of [this.#timer, this.#doubtTimer, this.#giveUpTimer]) timer?.cancel();
    this.#options.session.leave();
  }

  /** See {@link DelegatedLock.hint}. */
  hint(value: RegisterValue, isDoubtful: boolean, confirmed?: Confirmed): void {
    if (this.#isOver || !this.#wasAsked || value.version < this.#version) return;
    this.#version = value.version;
    const { grantId } = this.request;
    const holds = value.holders.some((holder) => holder.grantId === grantId);
    const waits = value.waiters.some((waiter) => waiter.grantId === grantId);
    if (confirmed !== undefined) this.#readGrant(value, confirmed);
    // Only where there is something to do: a proposal takes everybody else's promises away [H7].
    const isAsWas = this.#token === undefined ? waits && !isDoubtful : holds;
    if (!isAsWas) this.ask();
    const isWantedElsewhere = holds && value.waiters.length > 0;
    if (!isWantedElsewhere) this.#recall = undefined;
    else this.#recall ??= { sinceMs: this.#options.clock.monotonicMs(), handOvers: 0 };
    this.#options.onChange();
  }

  /**
   * What two regions show confirms a grant as well as a proposal does, and disturbs nobody [H2].
   */
  #readGrant({ holders }: RegisterValue, confirmed: Confirmed): void {
    const holder = holders.find(({ grantId }) => grantId === this.request.grantId);
    if (holder === undefined || this.#token !== undefined || this.#isEnding) return;
    const leases = confirmed(holder.grantId);
    if (this.#deadlineMs(() => leases) <= this.#options.clock.monotonicMs()) return;
    this.#onGranted(holder.token, () => leases);
  }

  /** Sees to a lease in each region, and to liveness that hangs on the very one. */
  thicken(): void {
    const { session, lock } = this.#options;
    const live = session.liveIn(this.#leases);
    if (live.length < regionsMax) session.meet(lock, this.#leases);
    const confirmed = this.#confirmed.at(-1)?.();
    if (confirmed === undefined) return;
    const isThere = (region: number) => confirmed.get(region) === this.#leases.get(region)?.lease;
    if (!live.every(isThere)) this.ask();
  }

  #want(wish: Wish): void {
    if (this.#isOver || ((this.#isGivenUp || this.#isEnding) && wish !== "end")) return;
    if (this.#wish !== "renew" || wish === "end") this.#wish = wish;
    this.#go();
  }

  #go(): void {
    const wish = this.#wish;
    if (wish === undefined || this.#underWay !== undefined || this.#isOver) return;
    this.#timer?.cancel();
    this.#wish = undefined;
    this.#underWay = wish;
    const isRepeat = this.#wasAsked;
    this.#wasAsked = true;
    this.#options.register.submit({
      command: this.#command(wish, isRepeat),
      isRepeat,
      isOver: () => this.#isOver,
      answer: (answer) => this.#onAnswer(wish, answer),
    });
  }

  #command(wish: Wish, mayBeGranted: boolean): RegisterCommand {
    const { grantId } = this.request;
    // By its id alone: with a token, one that a renewal raised meanwhile would go on for ever.
    if (wish === "end") return { kind: "cancel", grantId };
    if (wish === "renew" && this.#token !== undefined) {
      return { kind: "renew-delegation", grantId, token: this.#token };
    }
    return { kind: "acquire", request: this.request, wait: true, mayBeGranted };
  }

  #onAnswer(wish: Wish, answer: ProposerAnswer): void {
    if (this.#underWay === undefined || this.#isOver) return;
    this.#underWay = undefined;
    if (answer.kind !== "decided") {
      this.#wish ??= wish;
      this.#pause();
      return;
    }
    const { outcome, value, confirmed } = answer;
    if (isOver(outcome)) {
      this.forget();
      this.#options.onOver();
      return;
    }
    if (outcome.kind === "full") {
      // Its region has too many in line there. It may have been written down as refused, so another
      // one is asked for.
      this.#giveUpSoon();
      return;
    }
    if (outcome.kind === "granted" && !this.#isEnding) {
      this.#onGranted(outcome.holder.token, () => confirmed(this.request.grantId));
    }
    this.hint(value, false);
    this.#go();
    if (outcome.kind === "waiting") this.#doubtSoon(value, confirmed);
    if (this.#token !== undefined && this.vouchedMs <= 0) this.#thickenSoon();
  }

  /**
   * Whoever the lock went to lives in no two regions, as far as they said: one that does shows so
   * soon, and behind a line of the dead each of them would be waited for till the next look.
   */
  #doubtSoon({ holders, version }: RegisterValue, confirmed: Confirmed): void {
    // Once for each: a region that is away would have it doubted for ever.
    if (version <= this.#doubtedVersion) return;
    if (holders.every(({ grantId }) => confirmed(grantId).size >= majority)) return;
    this.#doubtedVersion = version;
    this.#doubtTimer?.cancel();
    this.#doubtTimer = this.#options.clock.schedule(showsWithinMs, () => {
      this.#options.onDoubt();
    });
  }

  /** Granted, and not confirmed by two regions: nobody could be told of a grant under it. */
  #thickenSoon(): void {
    this.#timer?.cancel();
    this.#timer = this.#options.clock.schedule(showsWithinMs, () => {
      if (this.#isOver || this.#isEnding || this.vouchedMs > 0) return;
      this.thicken();
    });
  }

  #onGranted(token: bigint, confirmed: () => ReadonlyMap<number, LeaseId>): void {
    // The best one of the past stays: what it says is as true as before.
    const best = this.#confirmed.reduce<typeof confirmed | undefined>((found, each) => {
      if (found === undefined) return each;
      return this.#deadlineMs(found) > this.#deadlineMs(each) ? found : each;
    }, undefined);
    this.#confirmed = best === undefined ? [confirmed] : [best, confirmed];
    this.#token = token;
    if (this.#wish === "ask") this.#wish = undefined;
  }

  /** Nothing comes of it, as far as is known, and another one is asked for, but not at once. */
  #giveUpSoon(): void {
    this.#isGivenUp = true;
    this.#giveUpTimer?.cancel();
    this.#giveUpTimer = this.#options.clock.schedule(giveUpAfterMs, () => {
      // Granted all the same, and its own region has answered: somebody may have the lock by it.
      this.#isGivenUp = this.#token === undefined || !this.isLiveAtHome;
      if (!this.#isGivenUp) return this.ask();
      this.forget();
      this.#options.onOver();
    });
  }

  #deadlineMs(confirmed: () => ReadonlyMap<number, LeaseId>): number {
    return this.#options.session.deadlineMs(confirmed(), this.#leases);
  }

  #pause(): void {
    const { clock, pauseMs } = this.#options;
    this.#timer?.cancel();
    this.#timer = clock.schedule(pauseMs, () => this.#go());
  }
}

function isOver({ kind }: RegisterOutcome): boolean {
  return kind === "cancelled" || kind === "ended" || kind === "forgotten";
}

/** What the register is asked for, in the name of a region. `atMs`: of the wall clock. */
export function delegationRequest(
  grantId: GrantId,
  region: string,
  { id: session, ttlMs }: Pick<DelegationSession, "id" | "ttlMs">,
  atMs: number,
): GlobalRequest {
  return {
    grantId,
    session,
    region,
    ttlMs,
    mode: "exclusive",
    owner: region,
    metadata: {},
    atMs: Math.round(atMs),
    delegation: true,
  };
}
