import type { Clock, Timer } from "@holdfast/base/clock";
import type { LeaseId } from "@holdfast/base/ids";
import type { RegisterCommand } from "@holdfast/core/quorum/register-command";
import type { GlobalRequest, RegisterValue } from "@holdfast/core/quorum/register-value";
import type { DelegationSession } from "./delegation-session.ts";
import type { Asking, ProposerAnswer } from "./register-proposer.ts";

/** Where commands for the lock's register go: this coordinator's proposer. */
export interface RegisterDoor {
  submit(asking: Asking): void;
}

/** What a {@link DelegationTenure} needs. */
export interface TenureOptions {
  readonly register: RegisterDoor;
  readonly session: Pick<DelegationSession, "deadlineMs" | "abandon">;
  readonly request: GlobalRequest;
  readonly clock: Clock;
  /** Between two tries where the register gave no definite answer, in ms. */
  readonly pauseMs: number;
  /** The register has granted it, or has given it the next counter. */
  readonly onGranted: () => void;
  /** It is over in the register, for good. */
  readonly onOver: () => void;
  /** A value of the register that was chosen. */
  readonly onValue: (value: RegisterValue) => void;
}

type Wish = "ask" | "renew" | "end";

/**
 * One delegation as the register has it: asked for, granted, kept confirmed, given the next counter,
 * ended. One command at a time is under way, and is repeated until its answer is definite.
 */
export class DelegationTenure {
  readonly request: GlobalRequest;
  readonly #options: TenureOptions;
  /** Regions whose liveness was put by one accept each, the latest last; they do not add up [H2]. */
  #confirmed: (() => ReadonlyMap<number, LeaseId>)[] = [];
  #token: bigint | undefined;
  #wish: Wish | undefined;
  #underWay: Wish | undefined;
  #wasAsked = false;
  #isEnding = false;
  #isOver = false;
  #timer: Timer | undefined;

  constructor(options: TenureOptions) {
    this.#options = options;
    this.request = options.request;
  }

  /** What the register gave it, the latest; undefined: nothing yet. */
  get token(): bigint | undefined {
    return this.#token;
  }

  /** D: until when what is granted under it may be believed in; 0 where nothing is confirmed. */
  get deadlineMs(): number {
    const { session } = this.#options;
    return Math.max(0, ...this.#confirmed.map((leases) => session.deadlineMs(leases())));
  }

  /** Its end was proposed. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** Where its liveness was put by the latest accept, and under which lease. */
  get confirmed(): ReadonlyMap<number, LeaseId> {
    return this.#confirmed.at(-1)?.() ?? new Map();
  }

  /** Asks for it, or looks again what became of it and attaches its liveness anew. */
  ask(): void {
    this.#want("ask");
  }

  /** Asks for the next counter. */
  renew(): void {
    this.#want("renew");
  }

  /** Gives it back, whatever became of it. Nothing may be granted under it any more. */
  end(): void {
    this.#isEnding = true;
    this.#want("end");
  }

  /** Leaves it to expire: nothing that hangs on its session is kept alive any more. */
  abandon(): void {
    this.forget();
    this.#options.session.abandon();
  }

  /** Nothing of it matters to this coordinator any more. */
  forget(): void {
    this.#isOver = true;
    this.#timer?.cancel();
  }

  #want(wish: Wish): void {
    if (this.#isOver || (this.#isEnding && wish !== "end")) return;
    // One that is under way brings what is wanted, and a second one would use up a counter.
    if (wish === "renew" && this.#underWay === "renew") return;
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
    if (outcome.kind === "granted" && !this.#isEnding) {
      this.#onGranted(outcome.holder.token, () => confirmed(this.request.grantId));
    } else if (outcome.kind === "cancelled" || isOverAt(outcome.kind)) {
      this.forget();
      this.#options.onOver();
      return;
    }
    this.#options.onValue(value);
    this.#go();
  }

  #onGranted(token: bigint, confirmed: () => ReadonlyMap<number, LeaseId>): void {
    const { session, onGranted } = this.#options;
    // The better one of the past stays: what it says is as true as before.
    const best = this.#confirmed.reduce<typeof confirmed | undefined>((found, each) => {
      if (found === undefined) return each;
      return session.deadlineMs(found()) > session.deadlineMs(each()) ? found : each;
    }, undefined);
    this.#confirmed = best === undefined ? [confirmed] : [best, confirmed];
    this.#token = token;
    onGranted();
  }

  #pause(): void {
    this.#timer?.cancel();
    this.#timer = this.#options.clock.schedule(this.#options.pauseMs, () => this.#go());
  }
}

function isOverAt(outcome: string): boolean {
  return outcome === "ended" || outcome === "forgotten" || outcome === "full";
}
