import type { Timer } from "@holdfast/base/clock";
import type { GrantId } from "@holdfast/base/ids";
import type { AcquireCommand } from "@holdfast/core/command/command";
import type { AcquireOutcome, Grant } from "@holdfast/core/command/outcome";
import type { RegisterCommand, RegisterOutcome } from "@holdfast/core/quorum/register-command";
import type { Fate, GlobalHolder, RegisterValue } from "@holdfast/core/quorum/register-value";
import type { GlobalAcquireOrder } from "./acquire-order.ts";
import { AcquireRefusal } from "./acquire-refusal.ts";
import { confirmGrant } from "./confirm-grant.ts";
import type { DelegatedRequest } from "./delegated-request.ts";
import type { GlobalContext } from "./global-context.ts";
import { askThere, findThere, notAsked } from "./global-elsewhere.ts";
import {
  definiteOf,
  forgotten,
  over,
  refusedInWait,
  sentOn,
  tooMany,
  unanswered,
  unconfirmed,
} from "./global-refusals.ts";
import type { Notice } from "./global-register.ts";
import type { Whereabouts } from "./global-release.ts";
import { isIn } from "./global-view.ts";
import { GrantElsewhere } from "./grant-elsewhere.ts";
import { isOwnSession } from "./own-session.ts";
import { tryPlainly } from "./plain-try.ts";
import type { Call } from "./ports/lock-tier.ts";
import { RegisterWait } from "./register-wait.ts";
import { RequestCallers } from "./request-callers.ts";

/** How much longer a shard that went silent is asked what became of a request, in ms. */
const besidesMs = 60_000;

/**
 * One acquire of a global lock, from the first copy of its request to its outcome. Repeats that
 * come meanwhile join it: two proposals for one request could each be told something else.
 */
export class GlobalAcquireRun {
  readonly outcome: Promise<AcquireOutcome>;
  readonly #context: GlobalContext;
  readonly #order: GlobalAcquireOrder;
  readonly #resolve: (outcome: AcquireOutcome) => void;
  readonly #callers: RequestCallers;
  readonly #refusal: AcquireRefusal;
  /** The copy it began with: one that has stayed here came nowhere else. */
  readonly #first: Call;
  #isResent: boolean;
  /** The register was asked as of a repeat. */
  #wasRepeat = false;
  #isJoined = false;
  #timer: Timer | undefined;
  readonly #place: RegisterWait;
  readonly #elsewhere: GrantElsewhere;
  #unlisten: (() => void) | undefined;
  #isAsking = false;
  #isConfirming = false;
  /** Its wait is over: what becomes of it is told by the withdrawal that follows. */
  #isWithdrawing = false;
  /** It is being cancelled: no other outcome is told. */
  #isCancelling = false;
  #isOver = false;
  /** A proposal for it was sent: it may come true. */
  #isProposed = false;
  /** It was asked in this region, and may have its place or the lock there. */
  #isHere = false;

  constructor(context: GlobalContext, order: GlobalAcquireOrder, call: Call) {
    this.#context = context;
    this.#order = order;
    this.#first = call;
    this.#isResent = order.command.resent === true;
    const { promise, resolve } = Promise.withResolvers<AcquireOutcome>();
    this.outcome = promise;
    this.#resolve = resolve;
    this.#refusal = new AcquireRefusal(context, order);
    this.#callers = new RequestCallers(context.surroundings.clock);
    this.#place = this.#placeOf(order);
    this.#elsewhere = new GrantElsewhere(context, order, call, (grant) => this.#onFound(grant));
    this.#hear(order.command, call);
  }

  get grantId(): GrantId {
    return this.#order.request.grantId;
  }

  get isWaiting(): boolean {
    return this.#order.command.waitMs > 0;
  }

  /** It may have been granted, or may yet be, and nobody waits for it any more. */
  get isInDoubt(): boolean {
    return (this.#isProposed || this.#isHere) && this.#callers.isGone;
  }

  /** Where something of it may be. */
  get whereabouts(): Whereabouts {
    if (this.#isRepeat || this.#isHere === this.#isProposed) return "anywhere";
    return this.#isHere ? "here" : "register";
  }

  begin(): void {
    if (this.#isOver) return;
    this.#arm();
    if (this.#isRepeat && this.isWaiting) this.#elsewhere.start();
    const { here } = this.#order;
    const isInRegister = this.#isInRegister && here?.isHolding !== true;
    if (here === undefined || isInRegister) this.#beginInRegister();
    else if (here.isKnown) void this.#askHere(here);
    else if (this.#isRepeat) void this.#beginAgain(here);
    else if (here.isWanted(this.isWaiting)) void this.#askHere(here);
    else this.#beginInRegister();
  }

  get #isInRegister(): boolean {
    const { newest } = this.#order.register;
    return newest !== undefined && isIn(newest, this.grantId);
  }

  /** An earlier copy may stand in the register: in line here it would wait for itself. */
  async #beginAgain(here: DelegatedRequest): Promise<void> {
    await here.learn();
    // Asked in another region before, it may have the lock there by delegation.
    const grant = await this.#elsewhere.look();
    if (this.#isOver || this.#isCancelling) return;
    if (typeof grant === "object") return this.#end({ kind: "granted", grant });
    if (!this.#isInRegister && here.isWanted(this.isWaiting)) await this.#askHere(here);
    else this.#beginInRegister();
  }

  #beginInRegister(): void {
    const { session, queue, delegation } = this.#order;
    session.meetAll(
      () => this.#isOver,
      () => this.#tellLeases(),
    );
    if (this.#isRepeat) void session.settled().then(() => this.#keepPlace());
    // A repeat may have its place already, or the lock: in line it would hear of neither.
    if (this.isWaiting && !this.#isRepeat && queue.mustLineUp) this.#standInLine();
    else if (this.isWaiting) void this.#ask();
    else void delegation.yieldIdle().then(() => this.#ask());
  }

  /** A repeat: all of its callers are answered, and it goes on while one of them is left. */
  join(command: AcquireCommand, call: Call): Promise<AcquireOutcome> {
    this.#isJoined = true;
    // A copy of it went elsewhere, and may be granted there. With a ttl of its own it is repeated
    // all the time, and says so though every copy came here.
    if (command.session !== undefined && command.resent === true) this.#isResent = true;
    this.#hear(command, call);
    this.#arm();
    this.#keepPlace();
    if (this.#isRepeat && this.isWaiting) this.#elsewhere.start();
    this.#tellLeases();
    return this.outcome;
  }

  /** Where no session has heartbeats, a repeat is the sign of life that its place hangs on. */
  #keepPlace(): void {
    const { session, request, here } = this.#order;
    if (this.#isOver || !isOwnSession(request.session)) return;
    if (this.#isHere) here?.keepAlive();
    else session.keepOrMeet(() => this.#tellLeases());
  }

  /**
   * Its caller gives it up by a command of its own, which ends it in the register: out of the line,
   * and nothing more is asked. Until that is certain nobody is told what became of it.
   */
  cancelling(): void {
    this.#isCancelling = true;
    this.#place.leave();
  }

  /** Its coordinator is about to end: where it waits it is to be asked for at another one. */
  sendOn(): void {
    const isEnding = this.#isConfirming || this.#isWithdrawing;
    if (this.isWaiting && !isEnding) this.#end(sentOn);
  }

  /** `isCertain`: the register says so, and nothing of the request can come true any more. */
  cancelled(isCertain: boolean): void {
    this.#isCancelling = false;
    const isInvolved = this.#isProposed || this.#isRepeat || this.#isHere;
    this.#end(isCertain || !isInvolved ? { kind: "cancelled" } : unanswered);
  }

  /** Asks the register; its answer decides how to go on. */
  async #ask(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    // Of a repeat nobody knows yet whether it has the lock.
    const isFirst = !this.#isRepeat && !this.#isProposed;
    const seen = isFirst ? await tryPlainly(this.#order) : undefined;
    if (seen !== undefined && !this.#isRepeat) {
      return this.#endRefused(this.#refusal.held(seen.value), seen.value);
    }
    const { register, request } = this.#order;
    const wait = this.isWaiting;
    const isRepeat = this.#isRepeat || this.#isProposed;
    const { clearedAt } = this.#place;
    const since = clearedAt === undefined ? {} : { since: clearedAt };
    this.#wasRepeat = isRepeat;
    this.#isProposed = true;
    const answer = await register.submit(
      { kind: "acquire", request, wait, mayBeGranted: false, ...since },
      isRepeat,
      () => this.#isSpent,
      this.#order.command.traceparent,
    );
    this.#isAsking = false;
    if (this.#isCancelling) return;
    // It is told what the withdrawal behind it finds.
    if (this.#isOver || this.#isWithdrawing) return;
    if (answer.kind === "decided") await this.#onDecided(answer.outcome, answer);
    else this.#end(this.#refusal.undecided(answer));
  }

  async #onDecided(outcome: RegisterOutcome, notice: Notice): Promise<void> {
    switch (outcome.kind) {
      case "granted":
        return this.#believe(outcome.holder, notice.confirmed);
      case "waiting":
        this.#tellLeases();
        return this.#place.inRegister(notice);
      case "full":
        if (outcome.isRefused) return this.#end(refusedInWait);
        this.#isProposed = false;
        return this.#standInLine();
      case "ended":
        return this.#onEnded(outcome.fate, notice.value);
      case "held":
        // A copy joined that was elsewhere before: to it only what is chosen is a refusal [H5].
        if (this.#isRepeat && !this.#wasRepeat) return this.#ask();
        return this.#endRefused(this.#refusal.held(notice.value), notice.value);
      default:
        if (await this.#isSettledHere()) this.#end(forgotten);
    }
  }

  /** One that had the lock by the register had it nowhere else; of any other a copy may have it. */
  async #onEnded(fate: Fate, value: RegisterValue): Promise<void> {
    const refusal = this.#refusal.endedAs(fate, value);
    if (fate === "cancelled" || fate === "refused") await this.#endRefused(refusal, value);
    else this.#end(refusal);
  }

  /** Asks this region's shard, to which the lock is delegated or will be. */
  async #askHere(here: DelegatedRequest): Promise<void> {
    this.#isHere = true;
    const { register } = this.#order;
    const wait = this.isWaiting;
    this.#unlisten = register.listen((notice) => this.#onNoticeHere(here, notice));
    const answer = await here.ask({
      wait,
      isOver: () => this.#isSpent,
      onPlace: (place) => this.#callers.tellPlace(place),
      onLease: () => this.#tellLeases(),
      traceparent: this.#order.command.traceparent,
    });
    this.#unlisten();
    // It is told what the cancel or the withdrawal behind it finds.
    if (this.#isOver || this.#isCancelling || this.#isWithdrawing) return;
    switch (answer.kind) {
      case "granted":
        return this.#end(answer);
      case "held":
        if (!(await this.#isSettledHere())) return;
        return this.#end(await this.#refusal.heldHere());
      case "given-up":
        return this.#endUnlessElsewhere(over);
      case "elsewhere":
      case "no-quorum":
        this.#isHere = false;
        return this.#beginInRegister();
      case "unknown":
        return wait ? this.#askBesides(here) : this.#end(unanswered);
    }
  }

  /** A copy of it went another way: it ended by that, or has the lock by it. */
  #onNoticeHere(here: DelegatedRequest, { value, confirmed }: Notice): void {
    const ended = value.recent.findLast((each) => each.grantId === this.grantId);
    const holder = value.holders.find((each) => each.grantId === this.grantId);
    if (ended === undefined && holder === undefined) return;
    if (this.#isOver || this.#isCancelling || this.#isWithdrawing || this.#isConfirming) return;
    this.#unlisten?.();
    void here.withdraw(this.#besidesMs);
    if (holder === undefined) {
      if (ended !== undefined) void this.#onEnded(ended.fate, value);
      return;
    }
    here.noteMixed();
    this.#order.session.meet(() => this.#tellLeases());
    void this.#believe(holder, confirmed);
  }

  /** A copy of it has the lock in another region: nothing is to come of it here any more. */
  #onFound(grant: Grant): void {
    if (this.#isOver || this.#isCancelling || this.#isWithdrawing || this.#isConfirming) return;
    if (this.#isHere) void this.#order.here?.withdraw(this.#besidesMs);
    this.#endByShard(grant);
  }

  /** Its place in the register is given up: it would be had by that for nobody. */
  #endByShard(grant: Grant | undefined): void {
    const [{ clock }, untilMs] = [this.#context.surroundings, this.#besidesMs];
    this.#end(grant === undefined ? unanswered : { kind: "granted", grant });
    if (grant === undefined || !(this.#isProposed || this.#isRepeat)) return;
    void this.#order.register.submit(this.#withdrawal, true, () => clock.monotonicMs() >= untilMs);
  }

  /** Another copy of it may have withdrawn it, for the lock that it had found elsewhere. */
  #onEndedInWait(fate: Fate, value: RegisterValue): void {
    const refusal = this.#refusal.endedAs(fate, value);
    this.#place.leave();
    if (fate === "cancelled") void this.#endUnlessElsewhere(refusal);
    else this.#end(refusal);
  }

  /** It gets nothing here any more; a copy of it may have the lock in another region. */
  async #endUnlessElsewhere(refusal: AcquireOutcome): Promise<void> {
    const grant = this.#isRepeat ? await this.#elsewhere.lookAnew() : undefined;
    if (grant === undefined) this.#end(refusal);
    else this.#end(grant === "unknown" ? unanswered : { kind: "granted", grant });
  }

  /**
   * This region's shard does not answer: the two other regions may do without it. Whatever comes of
   * the request here after all is found out, and told.
   */
  #askBesides(here: DelegatedRequest): void {
    here.noteMixed();
    void here.withdraw(this.#besidesMs).then((left) => {
      if (left?.kind === "granted" && !this.#isOver) this.#endByShard(here.grantOf(left.token));
    });
    this.#beginInRegister();
  }

  /** Until when it is asked what became of it in a shard that went silent. */
  get #besidesMs(): number {
    return this.#callers.giveUpMs + besidesMs;
  }

  /** Tells the holder, once two regions confirm the grant by the leases it has. */
  async #believe(holder: GlobalHolder, confirmed: Notice["confirmed"]): Promise<void> {
    if (this.#isConfirming) return;
    this.#isConfirming = true;
    const { register, session, request, here } = this.#order;
    const isSpent = () => this.#isSpent;
    const onLease = () => this.#tellLeases();
    const asked = { register, session, request, isSpent, onLease };
    const end = await confirmGrant(asked, holder, confirmed);
    if (this.#isOver) return;
    if (end.kind === "granted") {
      here?.noteGrant(end.grant.token);
      this.#end(end);
    } else if (end.kind === "unconfirmed") this.#end(unconfirmed);
    else if (end.kind !== "decided") this.#end(this.#refusal.undecided(end));
    else {
      this.#isConfirming = false;
      await this.#onDecided(end.outcome, end);
    }
  }

  /** The register has no room for it yet: it stands in this region's line. */
  #standInLine(): void {
    this.#tellLeases();
    if (!this.#place.inLine()) this.#end(tooMany);
  }

  #placeOf({ queue, register }: GlobalAcquireOrder): RegisterWait {
    return new RegisterWait({
      ...{ grantId: this.grantId, queue, register },
      onPlace: (place) => this.#callers.tellPlace(place),
      onHolding: (holder, confirmed) => void this.#believe(holder, confirmed),
      onEnded: (fate, value) => this.#onEndedInWait(fate, value),
      onTurn: () => void this.#ask(),
    });
  }

  /**
   * A copy may have reached another coordinator [H5]. While the first one is still being answered,
   * its client has found no reason to ask elsewhere: what joined it came the same way.
   */
  get #isRepeat(): boolean {
    return this.#isResent || (this.#isJoined && this.#first.cancellation.cancelled);
  }

  /** Nobody would hear what comes of another try. */
  get #isSpent(): boolean {
    const { clock } = this.#context.surroundings;
    if (this.#isOver || this.#isCancelling) return true;
    return this.#callers.isGone || clock.monotonicMs() >= this.#callers.giveUpMs;
  }

  #hear({ waitMs }: AcquireCommand, call: Call): void {
    // A repeat through another router may be under way: its place is left as it is.
    this.#callers.add(waitMs, call, () => this.#end({ kind: "cancelled" }));
  }

  #arm(): void {
    const { clock } = this.#context.surroundings;
    this.#timer?.cancel();
    const dueMs = this.isWaiting ? this.#callers.waitUntilMs : this.#callers.giveUpMs;
    this.#timer = clock.schedule(Math.max(0, dueMs - clock.monotonicMs()), () =>
      this.isWaiting ? void this.#timeOut() : this.#end(unanswered),
    );
  }

  /**
   * The wait is over: out of the line. What was granted at the last moment is told, not taken back:
   * a repeat in another region may have been told of it.
   */
  async #timeOut(): Promise<void> {
    const { register } = this.#order;
    const { clock } = this.#context.surroundings;
    // One that is being confirmed was won in time.
    if (this.#isConfirming || this.#isOver) {
      this.#timer = clock.schedule(Math.max(0, this.#callers.giveUpMs - clock.monotonicMs()), () =>
        this.#end(unanswered),
      );
      return;
    }
    this.#place.leave();
    if (this.#isHere && !(await this.#isWithdrawnHere())) return;
    if (this.whereabouts === "here") return this.#end(await this.#refusal.timedOutHere());
    if (!this.#isProposed && !this.#isRepeat) return this.#end(this.#refusal.timedOut());
    this.#isWithdrawing = true;
    const isOver = () => clock.monotonicMs() >= this.#callers.giveUpMs;
    const answer = await register.submit(this.#withdrawal, true, isOver);
    if (this.#isOver) return;
    if (answer.kind !== "decided") this.#end(unanswered);
    else if (answer.outcome.kind === "granted") {
      await this.#believe(answer.outcome.holder, answer.confirmed);
    } else {
      await this.#endRefused(this.#refusal.timedOut(), answer.value);
    }
  }

  /** Ends its wait in the register; what it was granted it keeps. */
  get #withdrawal(): RegisterCommand {
    return { kind: "withdraw", grantId: this.grantId };
  }

  /** True: this region has nothing of it any more; else it was told what it has. */
  async #isWithdrawnHere(): Promise<boolean> {
    const { here } = this.#order;
    this.#isWithdrawing = true;
    const left = await here?.withdraw(this.#callers.giveUpMs);
    if (this.#isOver || left?.kind === "cancelled") return !this.#isOver;
    this.#endByShard(left && here?.grantOf(left.token));
    return false;
  }

  /**
   * Delegated to another region, the lock may be free there for a try; and a copy of a repeat may
   * have it there, or get it in this region. Only what all of them say is a refusal [H5].
   */
  async #endRefused(refusal: AcquireOutcome, value: RegisterValue): Promise<void> {
    const isTry = refusal.kind === "held";
    const there = isTry || this.#isRepeat ? await this.#askThere(value) : undefined;
    if (there !== undefined && (isTry || there.kind !== "held")) {
      this.#end(definiteOf(there));
    } else if (await this.#isSettledHere()) this.#end(await this.#refusal.named(refusal, value));
  }

  async #askThere(value: RegisterValue): Promise<AcquireOutcome | undefined> {
    const there = await findThere(this.#context, this.#order, value, this.#first);
    if (there === undefined) return undefined;
    if (this.#isOver || this.#isCancelling) return unanswered;
    if (there === "unknown") return this.#isRepeat ? unanswered : notAsked(this.#first);
    const again = { ...this.#order.command, waitMs: 0 };
    return askThere(this.#context, there, again, this.#first, this.#callers.giveUpMs);
  }

  /** Refused is final only where no copy of it can come true in this region's shard [H5]. */
  async #isSettledHere(): Promise<boolean> {
    return !this.#isRepeat || this.#order.here === undefined || this.#isWithdrawnHere();
  }

  #tellLeases(): void {
    if (this.#isOver || !this.isWaiting) return;
    const { session, here } = this.#order;
    this.#callers.tellLeases([...session.leases, ...(here?.leases ?? [])]);
  }

  #end(outcome: AcquireOutcome): void {
    if (this.#isOver || this.#isCancelling) return;
    this.#isOver = true;
    this.#timer?.cancel();
    this.#callers.leave();
    this.#place.leave();
    this.#elsewhere.stop();
    // Withdrawn from this region's line, it gets no answer there that would end this.
    this.#unlisten?.();
    this.#resolve(outcome);
  }
}
