import type { Clock } from "@holdfast/base/clock";
import { invariant } from "@holdfast/base/invariant";
import type { TlsIdentity } from "@holdfast/base/tls/material";
import { Member } from "./member.ts";
import { type MemberStatus, memberStatus } from "./member-status.ts";
import { etcdVersionMin, isSupportedEtcd } from "./version.ts";

/** What a shard's etcd is to be. */
export interface MembersOptions {
  readonly clock: Clock;
  /** `http://host:port` of each member. */
  readonly endpoints: readonly string[];
  /** How this shard is called in messages. */
  readonly name: string;
  /** Work with an etcd that has known faults. */
  readonly allowOldVersions: boolean;
  /** For `https://` members; the system's authorities if left out. */
  readonly tls?: TlsIdentity | undefined;
}

/** The call certainly did not reach this shard. */
export interface Unreachable {
  readonly kind: "unavailable";
  readonly message: string;
}

/** What came of asking a member who it is; `silent`: it gave no answer. */
type Check =
  | { readonly kind: "fit" }
  | { readonly kind: "unfit" | "silent"; readonly message: string };

interface Seat {
  readonly member: Member;
  /** Known once the member has shown that it is of this cluster and new enough. */
  memberId: bigint | undefined;
}

/** The members of one etcd cluster: which of them to call, and whether it is the right cluster. */
export class Members {
  readonly #options: MembersOptions;
  readonly #seats: readonly Seat[];
  readonly #onTerm: (raftTerm: bigint) => void;
  /** Where the leader sits, if known: the others would only forward to it. */
  #preferred = 0;
  #clusterId: bigint | undefined;

  /** `onTerm` is told each Raft term a member tells. */
  constructor(options: MembersOptions, onTerm: (raftTerm: bigint) => void) {
    invariant(options.endpoints.length > 0, "a shard has at least one endpoint");
    this.#options = options;
    this.#onTerm = onTerm;
    this.#seats = options.endpoints.map((endpoint) => {
      return { member: new Member(endpoint, options.tls), memberId: undefined };
    });
  }

  get count(): number {
    return this.#seats.length;
  }

  /** Of all members that answered; undefined before the first answer. */
  get clusterId(): bigint | undefined {
    return this.#clusterId;
  }

  /** The member to call first. */
  get preferred(): Member {
    return (this.#seats[this.#preferred] as Seat).member;
  }

  /** All members, the preferred one first. */
  inOrder(): Member[] {
    const members = this.#seats.map((seat) => seat.member);
    return [...members.slice(this.#preferred), ...members.slice(0, this.#preferred)];
  }

  /** Others are called first from now on. */
  avoid(member: Member): void {
    if (this.preferred === member) this.#preferred = (this.#preferred + 1) % this.count;
  }

  /** Makes sure of a connection to a member of the right etcd. */
  async reach(member: Member, deadlineMs: number): Promise<"reached" | Unreachable> {
    if (!(await member.ready())) return this.noConnection();
    const seat = this.#seatOf(member);
    if (seat.memberId !== undefined) return "reached";
    const checked = await this.#check(seat, deadlineMs);
    return checked.kind === "fit" ? "reached" : { kind: "unavailable", message: checked.message };
  }

  /** Whether an answer came from this cluster; the first answer of all says which one that is. */
  isOurs(clusterId: bigint): boolean {
    // What answers without a cluster's id is no etcd.
    if (clusterId === 0n) return false;
    this.#clusterId ??= clusterId;
    return this.#clusterId === clusterId;
  }

  /** What to say of an answer that is not ours; its member has to show who it is again. */
  foreign(member: Member, clusterId: bigint): Unreachable {
    this.#seatOf(member).memberId = undefined;
    const [theirs, ours] = [clusterId.toString(16), this.#clusterId?.toString(16)];
    const message = `another etcd answers at ${member.endpoint}: cluster ${theirs}, not ${ours}`;
    return { kind: "unavailable", message };
  }

  /** Asks all connected members again; answers what is wrong with those that are not to be used. */
  async verify(deadlineMs: number): Promise<readonly string[]> {
    const unfit: string[] = [];
    const checks = this.#seats.map(async (seat) => {
      if (!(await seat.member.ready())) return;
      const checked = await this.#check(seat, deadlineMs);
      if (checked.kind === "unfit") unfit.push(checked.message);
    });
    await Promise.all(checks);
    return unfit;
  }

  /** Asks every member how it is; one that does not answer has a `problem`. */
  async status(
    deadlineMs: number,
  ): Promise<readonly (MemberStatus | { endpoint: string; problem: string })[]> {
    return Promise.all(
      this.#seats.map(async ({ member }) => {
        const { endpoint } = member;
        if (!(await member.ready())) return { endpoint, problem: "no connection" };
        const answer = await member.slowCall("Maintenance", "status", {}, { deadlineMs });
        if (answer.kind === "error") return { endpoint, problem: answer.error.message };
        return memberStatus(endpoint, answer.value);
      }),
    );
  }

  noConnection(): Unreachable {
    const { name, endpoints } = this.#options;
    const message = `no connection to etcd of ${name} at ${endpoints.join(", ")}`;
    const [trouble] = this.#seats.flatMap(({ member }) => member.tlsTrouble ?? []);
    return {
      kind: "unavailable",
      message: trouble === undefined ? message : `${message}: ${trouble}`,
    };
  }

  close(): void {
    for (const { member } of this.#seats) member.close();
  }

  async #check(seat: Seat, deadlineMs: number): Promise<Check> {
    const { member } = seat;
    const answer = await member.slowCall("Maintenance", "status", {}, { deadlineMs });
    if (answer.kind === "error") return { kind: "silent", message: answer.error.message };
    const status = memberStatus(member.endpoint, answer.value);
    seat.memberId = undefined;
    if (!isSupportedEtcd(status.version) && !this.#options.allowOldVersions) {
      const message = `etcd at ${member.endpoint} is ${status.version}, older than ${etcdVersionMin}`;
      return { kind: "unfit", message: `${message}: it has known faults; upgrade it` };
    }
    if (!this.isOurs(status.clusterId)) {
      return { kind: "unfit", message: this.foreign(member, status.clusterId).message };
    }
    seat.memberId = status.memberId;
    this.#onTerm(status.raftTerm);
    const leader = this.#seats.findIndex((each) => each.memberId === status.leaderId);
    if (this.#seats[leader]?.member.connected) this.#preferred = leader;
    return { kind: "fit" };
  }

  #seatOf(member: Member): Seat {
    const seat = this.#seats.find((each) => each.member === member);
    invariant(seat !== undefined, "a member has a seat");
    return seat;
  }
}
