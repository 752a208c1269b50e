import type { ServiceError } from "@grpc/grpc-js";
import type { Clock } from "@holdfast/base/clock";
import { invariant } from "@holdfast/base/invariant";
import { blamesMember, neverSent } from "./failure.ts";
import { type Answer, Member, type RawStream } from "./member.ts";
import { type MemberStatus, memberStatus } from "./member-status.ts";
import { etcdVersionMin, isSupportedEtcd } from "./version.ts";

/** How often the cluster is asked who leads, at most, in milliseconds; only while it is used. */
const followLeaderMs = 5_000;

/** What a {@link Cluster} is made of. */
export interface ClusterOptions {
  readonly clock: Clock;
  /** `http://host:port` of each member. */
  readonly endpoints: readonly string[];
  /** How this shard is called in messages. */
  readonly name: string;
  /** Longest time for one call, whichever members it tries, in milliseconds. */
  readonly deadlineMs: number;
  /** Work with an etcd that has known faults. */
  readonly allowOldVersions: boolean;
}

/** What became of a call. */
export type CallOutcome<Value> =
  | { readonly kind: "answer"; readonly value: Value }
  | { readonly kind: "error"; readonly error: ServiceError }
  /** It certainly did not reach this shard. */
  | { readonly kind: "unavailable"; readonly message: string };

interface Seat {
  readonly member: Member;
  /** Known once the member has shown that it is of this cluster and new enough. */
  memberId: bigint | undefined;
}

type Unreachable = { readonly kind: "unavailable"; readonly message: string };

/** The members of one etcd cluster: which one to call, and whether it is the right cluster. */
export class Cluster {
  readonly #options: ClusterOptions;
  readonly #seats: readonly Seat[];
  /** The leader if known: the others would only forward to it. */
  #preferred = 0;
  #clusterId: bigint | undefined;
  #askedForLeaderMs = Number.NEGATIVE_INFINITY;

  constructor(options: ClusterOptions) {
    invariant(options.endpoints.length > 0, "a shard has at least one endpoint");
    this.#options = options;
    this.#seats = options.endpoints.map((endpoint) => ({
      member: new Member(endpoint),
      memberId: undefined,
    }));
  }

  /** Of all members that answered; undefined before the first answer. */
  get clusterId(): bigint | undefined {
    return this.#clusterId;
  }

  /** Where calls go first. */
  get preferredEndpoint(): string {
    return this.#seat(0).member.endpoint;
  }

  /** Calls one member after another for as long as the request has certainly not been sent. */
  write<Value extends { readonly clusterId: bigint }>(
    call: (member: Member, deadlineMs: number) => Promise<Answer<Value>>,
  ): Promise<CallOutcome<Value>> {
    return this.#call(call, this.#seats.length, 1, neverSent);
  }

  /** Like {@link write}, but goes on after errors too: reading twice is harmless. */
  read<Value extends { readonly clusterId: bigint }>(
    call: (member: Member, deadlineMs: number) => Promise<Answer<Value>>,
  ): Promise<CallOutcome<Value>> {
    return this.#call(call, this.#seats.length + 1, 0.5, blamesMember);
  }

  /** Opens a stream to the preferred member, or to the next one that can be reached. */
  async stream(path: string): Promise<{ endpoint: string; stream: RawStream } | Unreachable> {
    let problem: Unreachable = this.#noConnection();
    const preferred = this.#preferred;
    for (let turn = 0; turn < this.#seats.length; turn++) {
      const seat = this.#seats[(preferred + turn) % this.#seats.length] as Seat;
      const reached = await this.#reach(seat, this.#options.deadlineMs);
      if (reached === "reached") {
        return { endpoint: seat.member.endpoint, stream: seat.member.stream(path) };
      }
      problem = reached;
      this.avoid(seat.member.endpoint);
    }
    return problem;
  }

  /** Calls go elsewhere first from now on. */
  avoid(endpoint: string): void {
    if (this.preferredEndpoint === endpoint) {
      this.#preferred = (this.#preferred + 1) % this.#seats.length;
    }
  }

  /** Whether an answer came from this cluster; the first answer of all says which one that is. */
  isOurs(clusterId: bigint): boolean {
    this.#clusterId ??= clusterId;
    return this.#clusterId === clusterId;
  }

  /** Asks every member; those that do not answer are missing. */
  async status(): Promise<readonly (MemberStatus | { endpoint: string; problem: string })[]> {
    return Promise.all(
      this.#seats.map(async ({ member }) => {
        const { endpoint } = member;
        if (!(await member.ready())) return { endpoint, problem: "no connection" };
        const answer = await member.slowCall("Maintenance", "status", {}, this.#options.deadlineMs);
        if (answer.kind === "error") return { endpoint, problem: answer.error.message };
        return memberStatus(endpoint, answer.value);
      }),
    );
  }

  /** Checks all members now; the problems of those that answered and are not to be used. */
  async verify(): Promise<readonly string[]> {
    const unfit: string[] = [];
    const checks = this.#seats.map(async (seat) => {
      if (!(await seat.member.ready())) return;
      const checked = await this.#check(seat, this.#options.deadlineMs);
      if (checked.kind === "unfit") unfit.push(checked.message);
    });
    await Promise.all(checks);
    return unfit;
  }

  close(): void {
    for (const seat of this.#seats) seat.member.close();
  }

  async #call<Value extends { readonly clusterId: bigint }>(
    call: (member: Member, deadlineMs: number) => Promise<Answer<Value>>,
    attempts: number,
    /** How much of what is left one attempt may use up. */
    share: number,
    goesOn: (error: ServiceError) => boolean,
  ): Promise<CallOutcome<Value>> {
    const { clock, deadlineMs } = this.#options;
    const endMs = clock.monotonicMs() + deadlineMs;
    this.#followLeader();
    let outcome: CallOutcome<Value> = this.#noConnection();
    const preferred = this.#preferred;
    for (let turn = 0; turn < attempts; turn++) {
      const seat = this.#seats[(preferred + turn) % this.#seats.length] as Seat;
      const leftMs = endMs - clock.monotonicMs();
      if (leftMs <= 0) break;
      const reached = await this.#reach(seat, leftMs);
      if (reached !== "reached") {
        // A later turn that finds no connection says less than an error an earlier one met.
        if (outcome.kind === "unavailable") outcome = reached;
        this.avoid(seat.member.endpoint);
        continue;
      }
      const isLast = turn === attempts - 1;
      const timeMs = Math.max(1, (endMs - clock.monotonicMs()) * (isLast ? 1 : share));
      const answer = await call(seat.member, timeMs);
      outcome = answer.kind === "answer" ? this.#identified(seat, answer.value) : answer;
      if (outcome.kind === "answer") return outcome;
      if (outcome.kind === "unavailable" || blamesMember(outcome.error)) {
        this.avoid(seat.member.endpoint);
      }
      if (outcome.kind === "error" && !goesOn(outcome.error)) return outcome;
    }
    return outcome;
  }

  /** Makes sure of a connection to the right etcd. */
  async #reach(seat: Seat, deadlineMs: number): Promise<"reached" | Unreachable> {
    if (!(await seat.member.ready())) return this.#noConnection();
    if (seat.memberId !== undefined) return "reached";
    const checked = await this.#check(seat, deadlineMs);
    return checked.kind === "fit" ? "reached" : { kind: "unavailable", message: checked.message };
  }

  async #check(
    seat: Seat,
    deadlineMs: number,
  ): Promise<{ kind: "fit" } | { kind: "unfit" | "silent"; message: string }> {
    const { endpoint } = seat.member;
    const answer = await seat.member.slowCall("Maintenance", "status", {}, deadlineMs);
    if (answer.kind === "error") return { kind: "silent", message: answer.error.message };
    const status = memberStatus(endpoint, answer.value);
    seat.memberId = undefined;
    if (!isSupportedEtcd(status.version) && !this.#options.allowOldVersions) {
      const message = `etcd at ${endpoint} is ${status.version}, older than ${etcdVersionMin}`;
      return { kind: "unfit", message: `${message}: it has known faults; upgrade it` };
    }
    if (!this.isOurs(status.clusterId)) {
      return { kind: "unfit", message: this.#foreign(endpoint, status.clusterId) };
    }
    seat.memberId = status.memberId;
    this.#prefer(status.leaderId);
    return { kind: "fit" };
  }

  /** An answer of another etcd was applied there, if at all, and never here. */
  #identified<Value extends { readonly clusterId: bigint }>(
    seat: Seat,
    value: Value,
  ): CallOutcome<Value> {
    if (this.isOurs(value.clusterId)) return { kind: "answer", value };
    seat.memberId = undefined;
    return { kind: "unavailable", message: this.#foreign(seat.member.endpoint, value.clusterId) };
  }

  /** Asks now and then who leads, beside the calls. */
  #followLeader(): void {
    if (this.#seats.length === 1) return;
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - this.#askedForLeaderMs < followLeaderMs) return;
    this.#askedForLeaderMs = nowMs;
    void this.verify();
  }

  #prefer(leaderId: bigint): void {
    const index = this.#seats.findIndex((seat) => seat.memberId === leaderId);
    if (this.#seats[index]?.member.connected) this.#preferred = index;
  }

  #seat(turn: number): Seat {
    return this.#seats[(this.#preferred + turn) % this.#seats.length] as Seat;
  }

  #foreign(endpoint: string, clusterId: bigint): string {
    const ours = this.#clusterId?.toString(16);
    return `another etcd answers at ${endpoint}: cluster ${clusterId.toString(16)}, not ${ours}`;
  }

  #noConnection(): Unreachable {
    const endpoints = this.#options.endpoints.join(", ");
    return {
      kind: "unavailable",
      message: `no connection to etcd of ${this.#options.name} at ${endpoints}`,
    };
  }
}
