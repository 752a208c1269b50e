import type { ServiceError } from "@grpc/grpc-js";
import type { Clock } from "@holdfast/base/clock";
import { blamesMember, neverSent } from "./failure.ts";
import type { Answer, CallLimits, Member, RawStream } from "./member.ts";
import { Members, type MembersOptions, type Unreachable } from "./members.ts";
import { StalledCalls } from "./stalled-calls.ts";

/** How often the members are asked who leads, at most, in milliseconds; only while it matters. */
const followLeaderMs = 5_000;
/** How long they have to answer that. */
const leaderAnswerMs = 500;

/** What a {@link Cluster} is made of. */
export interface ClusterOptions extends MembersOptions {
  /** Longest time for one call, whichever members it tries, in milliseconds. */
  readonly deadlineMs: number;
}

/** Where an answer comes from. */
export interface Origin {
  readonly clusterId: bigint;
  readonly raftTerm: bigint;
}

/** What became of a call. */
export type CallOutcome<Value> =
  | { readonly kind: "answer"; readonly value: Value }
  | { readonly kind: "error"; readonly error: ServiceError }
  | Unreachable;

/** One attempt of a call at one member. */
type Attempt<Value> = (member: Member, limits: CallLimits) => Promise<Answer<Value>>;

/** Brings calls to one etcd cluster, whichever of its members can be reached. */
export class Cluster {
  readonly members: Members;
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  readonly #stalled: StalledCalls;
  #askedForLeaderMs = Number.NEGATIVE_INFINITY;

  constructor(options: ClusterOptions) {
    this.#clock = options.clock;
    this.#deadlineMs = options.deadlineMs;
    this.#stalled = new StalledCalls(options.clock, async () => {
      await this.members.verify(leaderAnswerMs);
    });
    this.members = new Members(options, (raftTerm) => this.#stalled.saw(raftTerm));
  }

  /** Calls one member after another for as long as the request has certainly not been sent. */
  write<Value extends Origin>(attempt: Attempt<Value>): Promise<CallOutcome<Value>> {
    return this.#stalled.run((cancellation) => {
      const cancellable: Attempt<Value> = (member, { deadlineMs }) =>
        attempt(member, { deadlineMs, cancellation });
      return this.#call(cancellable, this.members.inOrder(), 1, neverSent);
    });
  }

  /** Like {@link write}, but goes on after errors too: reading twice is harmless. */
  read<Value extends Origin>(attempt: Attempt<Value>): Promise<CallOutcome<Value>> {
    const members = this.members.inOrder();
    return this.#call(attempt, [...members, this.members.preferred], 0.5, blamesMember);
  }

  /** Opens a stream to the preferred member, or to the next one that can be reached. */
  async stream(path: string): Promise<{ member: Member; stream: RawStream } | Unreachable> {
    const reached = await this.reachable();
    if ("kind" in reached) return reached;
    return { member: reached, stream: reached.stream(path) };
  }

  /** The preferred member, or the next one that can be reached. */
  async reachable(): Promise<Member | Unreachable> {
    let problem = this.members.noConnection();
    for (const member of this.members.inOrder()) {
      const reached = await this.members.reach(member, this.#deadlineMs);
      if (reached === "reached") return member;
      problem = reached;
      this.members.avoid(member);
    }
    return problem;
  }

  async #call<Value extends Origin>(
    attempt: Attempt<Value>,
    members: readonly Member[],
    /** How much of what is left one attempt may use up, if others follow. */
    share: number,
    goesOn: (error: ServiceError) => boolean,
  ): Promise<CallOutcome<Value>> {
    const endMs = this.#clock.monotonicMs() + this.#deadlineMs;
    this.#followLeader();
    let outcome: CallOutcome<Value> = this.members.noConnection();
    for (const [turn, member] of members.entries()) {
      const leftMs = endMs - this.#clock.monotonicMs();
      if (leftMs <= 0) break;
      const reached = await this.members.reach(member, leftMs);
      if (reached !== "reached") {
        // What an earlier turn met says more than a later one that found no connection.
        if (outcome.kind === "unavailable") outcome = reached;
        this.members.avoid(member);
        continue;
      }
      const timeMs = endMs - this.#clock.monotonicMs();
      const deadlineMs = Math.max(1, turn === members.length - 1 ? timeMs : timeMs * share);
      const answer = await attempt(member, { deadlineMs });
      outcome = answer.kind === "answer" ? this.#identified(member, answer.value) : answer;
      if (outcome.kind === "answer") return outcome;
      if (outcome.kind === "unavailable" || blamesMember(outcome.error)) {
        this.members.avoid(member);
      }
      if (outcome.kind === "error" && !goesOn(outcome.error)) return outcome;
    }
    return outcome;
  }

  /** An answer of another etcd was applied there, if at all, and never here. */
  #identified<Value extends Origin>(member: Member, value: Value): CallOutcome<Value> {
    if (!this.members.isOurs(value.clusterId)) {
      return this.members.foreign(member, value.clusterId);
    }
    this.#stalled.saw(value.raftTerm);
    return { kind: "answer", value };
  }

  /** Asks now and then who leads, beside the calls. */
  #followLeader(): void {
    if (this.members.count === 1) return;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#askedForLeaderMs < followLeaderMs) return;
    this.#askedForLeaderMs = nowMs;
    void this.members.verify(leaderAnswerMs);
  }
}
