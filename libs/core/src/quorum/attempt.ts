import type { GrantId, LeaseId } from "@holdfast/base/ids";
import { invariant } from "@holdfast/base/invariant";
import { type Ballot, compareBallots, maxBallot, zeroBallot } from "./ballot.ts";
import type { Accepted, AcceptReply, Attached, PrepareReply, Promised } from "./message.ts";
import { type Decision, decide } from "./register.ts";
import type { RegisterCommand, RegisterOutcome } from "./register-command.ts";
import { emptyRegister, type GlobalHolder, type RegisterValue } from "./register-value.ts";
import { livenessOf, majority, type Vote } from "./votes.ts";

/** What an attempt asks its driver to do next. */
export type Step =
  | { readonly kind: "prepare" }
  | {
      readonly kind: "accept";
      readonly value: RegisterValue;
      readonly attach: readonly GlobalHolder[];
    }
  | { readonly kind: "wait" }
  /** Wait for the third region for one more round trip, then call `hesitated` [H8]. */
  | { readonly kind: "hesitate" }
  /** Decided without a change: two regions show the same value. */
  | {
      readonly kind: "read";
      readonly outcomes: readonly RegisterOutcome[];
      readonly value: RegisterValue;
    }
  | Chosen
  /** Somebody's higher ballot came first. What was accepted may yet be chosen by others. */
  | { readonly kind: "lost"; readonly seen: Ballot }
  | { readonly kind: "other-generation"; readonly generation: number };

/** Two regions accepted the value: it is the register's, whatever happens next. */
export interface Chosen {
  readonly kind: "chosen";
  readonly value: RegisterValue;
  readonly outcomes: readonly RegisterOutcome[];
}

/** What two regions promised along with the last accept of this proposer. */
export interface Warm {
  readonly value: RegisterValue;
}

/** How many regions vote. */
export const regionsMax = 3;

/**
 * One attempt to carry out commands on a register under one ballot: CASPaxos (Rystsov, 2018) with
 * three acceptors. It is told what the regions answer and says what to do; it sends nothing and
 * knows no time. A region's first answer to each phase counts, copies of it do not.
 */
export class Attempt {
  readonly ballot: Ballot;
  readonly #commands: readonly RegisterCommand[];
  readonly #warm: Warm | undefined;
  readonly #promises = new Map<number, Promised>();
  readonly #accepted = new Map<number, readonly Attached[]>();
  readonly #refused = new Set<number>();
  #seen: Ballot = zeroBallot;
  #decision: Decision | undefined;
  #hasHesitated = false;
  #isOver = false;

  constructor(ballot: Ballot, commands: readonly RegisterCommand[], warm: Warm | undefined) {
    this.ballot = ballot;
    this.#commands = commands;
    this.#warm = warm;
  }

  /** An accept was sent: from now on the commands may come true without us [H5]. */
  get isProposed(): boolean {
    return this.#decision !== undefined;
  }

  /** The version that the commands are decided on. */
  get version(): number {
    return (this.#warm ?? this.#base())?.value.version ?? emptyRegister.version;
  }

  /** The first step. */
  begin(): Step {
    if (this.#warm === undefined) return { kind: "prepare" };
    // Two regions promised this ballot when they accepted the value, so nothing was chosen since.
    const decision = decide(this.#warm.value, this.#commands, new Set());
    // Who is in the way may be gone, and only promises tell: to a new ballot, this one is promised.
    const isBlocked = decision.outcomes.some(({ kind }) => kind === "held");
    if (isBlocked || decision.value === this.#warm.value) return { kind: "prepare" };
    return this.#propose(decision);
  }

  onPrepareReply(region: number, reply: PrepareReply): Step {
    if (this.#isOver || this.isProposed) return { kind: "wait" };
    if (reply.kind === "other-generation") return this.#over(reply);
    if (reply.kind === "refused") return this.#onRefused(region, reply.promised);
    if (!this.#promises.has(region)) this.#promises.set(region, reply);
    return this.#decide();
  }

  /** The third region was waited for long enough. */
  hesitated(): Step {
    if (this.#isOver || this.isProposed) return { kind: "wait" };
    this.#hasHesitated = true;
    return this.#decide();
  }

  onAcceptReply(region: number, reply: AcceptReply): Step {
    if (this.#isOver) {
      // A third region after the choice: its liveness counts all the same.
      if (reply.kind === "accepted") this.#accepted.set(region, reply.attached);
      return { kind: "wait" };
    }
    if (reply.kind === "other-generation") return this.#over(reply);
    if (reply.kind === "refused") return this.#onRefused(region, reply.promised);
    if (!this.#accepted.has(region)) this.#accepted.set(region, reply.attached);
    if (this.#accepted.size < majority) return { kind: "wait" };
    const decision = this.#decision;
    invariant(decision !== undefined, "accepts answer a proposal");
    return this.#over({ kind: "chosen", value: decision.value, outcomes: decision.outcomes });
  }

  /**
   * Liveness that stands in the region, or may stand there, and that `value` does not name [H10]:
   * what it showed in its promise, and the holders of the value that was decided on.
   */
  forgetIn(region: number, value: RegisterValue): GrantId[] {
    const before = (this.#warm ?? this.#base())?.value.holders ?? [];
    const known = new Set(before.map(({ grantId }) => grantId));
    for (const { grantId } of this.#promises.get(region)?.live ?? []) known.add(grantId);
    for (const { grantId } of value.holders) known.delete(grantId);
    return [...known];
  }

  /**
   * Where the liveness of a grant is confirmed, and the lease it hangs on: put by this very
   * attempt, or shown together with the ballot that a read was based on. Regions of different
   * ballots do not add up [H2].
   */
  confirmed(grantId: GrantId): ReadonlyMap<number, LeaseId> {
    const leases = new Map<number, LeaseId>();
    const add = (region: number, live: readonly Attached[]) => {
      for (const each of live) if (each.grantId === grantId) leases.set(region, each.lease);
    };
    if (this.isProposed) {
      for (const [region, attached] of this.#accepted) add(region, attached);
    } else {
      const base = this.#base();
      for (const [region, { accepted, live }] of this.#promises) {
        if (sameBallot(accepted, base)) add(region, live);
      }
    }
    return leases;
  }

  #decide(): Step {
    if (this.#promises.size < majority) return { kind: "wait" };
    const base = this.#base();
    const value = base?.value ?? emptyRegister;
    const decision = decide(value, this.#commands, this.#goneIn(value));
    const isAllIn = this.#promises.size + this.#refused.size === regionsMax;
    if (!this.#hasHesitated && this.#hangsOnThird(value, decision)) {
      if (!isAllIn) return { kind: "hesitate" };
      // The third promised a higher ballot and says nothing of who lives. Decided without it, this
      // would be decided without it for ever, for nothing makes the next ballot a higher one [H8].
      if (this.#refused.size > 0) return this.#over({ kind: "lost", seen: this.#seen });
    }
    const isSettled = this.#showing(base) >= majority;
    const isRead = decision.value === value && isSettled && !this.#isToStrengthen();
    if (isRead && decision.attach.every((holder) => this.#isConfirmed(holder, base))) {
      return this.#over({ kind: "read", outcomes: decision.outcomes, value });
    }
    return this.#propose(isSettled ? decision : withLiveness(decision, value));
  }

  #isToStrengthen(): boolean {
    return this.#commands.some((command) => command.kind === "acquire" && command.strengthen);
  }

  /** Somebody is told to wait or to go although one region says that a holder lives no more. */
  #hangsOnThird(value: RegisterValue, { outcomes }: Decision): boolean {
    const isBlocked = outcomes.some(
      ({ kind }) => kind === "held" || kind === "waiting" || kind === "tended",
    );
    if (!isBlocked) return false;
    return value.holders.some(({ grantId }) => {
      const votes = this.#votes(grantId);
      return votes.filter((vote) => vote === "not-live").length === 1;
    });
  }

  #goneIn(value: RegisterValue): Set<GrantId> {
    const gone = new Set<GrantId>();
    for (const { grantId } of value.holders) {
      if (livenessOf(this.#votes(grantId)) === "gone") gone.add(grantId);
    }
    return gone;
  }

  #votes(grantId: GrantId): Vote[] {
    // All were heard and one alone has accepted the base: nobody ever had what it grants. The two
    // others lack its liveness for want of the grant, and say nothing of who waits for it.
    const isNew = this.#promises.size === regionsMax && this.#showing(this.#base()) < majority;
    return [...this.#promises.values()].map(({ accepted, live, halfTrusted }) => {
      if (isLiveIn(live, grantId)) return "live";
      if (isNew && !isHeldIn(accepted, grantId)) return "unknown";
      return halfTrusted ? "unknown" : "not-live";
    });
  }

  /**
   * The value of the highest accepted ballot: if any value was chosen, it is this or a later one.
   */
  #base(): Accepted | undefined {
    let base: Accepted | undefined;
    for (const { accepted } of this.#promises.values()) {
      if (accepted === undefined) continue;
      if (base === undefined || compareBallots(base.ballot, accepted.ballot) < 0) base = accepted;
    }
    return base;
  }

  /** How many regions show the base: two make it chosen, or nothing chosen yet. */
  #showing(base: Accepted | undefined): number {
    let count = 0;
    for (const { accepted } of this.#promises.values()) if (sameBallot(accepted, base)) count++;
    return count;
  }

  /** Two regions show the grant's liveness together with one and the same ballot [H2]. */
  #isConfirmed({ grantId }: GlobalHolder, base: Accepted | undefined): boolean {
    let count = 0;
    for (const { accepted, live } of this.#promises.values()) {
      if (sameBallot(accepted, base) && isLiveIn(live, grantId)) count++;
    }
    return count >= majority;
  }

  #propose(decision: Decision): Step {
    this.#decision = decision;
    this.#refused.clear();
    return { kind: "accept", value: decision.value, attach: decision.attach };
  }

  #onRefused(region: number, promised: Ballot): Step {
    this.#seen = maxBallot(this.#seen, promised);
    this.#refused.add(region);
    if (this.#refused.size > regionsMax - majority) {
      return this.#over({ kind: "lost", seen: this.#seen });
    }
    return this.isProposed ? { kind: "wait" } : this.#decide();
  }

  #over<S extends Step>(step: S): S {
    this.#isOver = true;
    return step;
  }
}

/**
 * Puts the liveness of those that the base names along with it, under their own sessions' leases:
 * a grant that reached one region only would otherwise be chosen with nobody to call it live, and
 * the next proposer would take it from somebody who lives.
 */
function withLiveness(decision: Decision, base: RegisterValue): Decision {
  const found = decision.value.holders.filter((holder) => {
    return base.holders.includes(holder) && !decision.attach.includes(holder);
  });
  const own = found.filter(({ delegation }) => delegation !== true);
  return own.length === 0 ? decision : { ...decision, attach: [...decision.attach, ...own] };
}

function isHeldIn(accepted: Accepted | undefined, grantId: GrantId): boolean {
  return accepted?.value.holders.some((holder) => holder.grantId === grantId) === true;
}

function isLiveIn(live: readonly Attached[], grantId: GrantId): boolean {
  return live.some((each) => each.grantId === grantId);
}

function sameBallot(left: Accepted | undefined, right: Accepted | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return compareBallots(left.ballot, right.ballot) === 0;
}
