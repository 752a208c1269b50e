import type { GrantId, LeaseId, SessionId } from "@holdfast/base/ids";
import { type Ballot, compareBallots, maxBallot, zeroBallot } from "@holdfast/core/quorum/ballot";
import type { ShardClaim } from "@holdfast/core/quorum/claim";
import type { Members } from "@holdfast/core/quorum/members";
import type {
  Accepted,
  AcceptReply,
  AcceptRequest,
  Attached,
  OtherGeneration,
  PrepareReply,
  PrepareRequest,
  Shown,
} from "@holdfast/core/quorum/message";

/** What is copied of the register when a region is filled. */
export interface TwinCopy {
  readonly kind: "copy";
  readonly promised: Ballot;
  readonly accepted: Accepted | undefined;
}

/** What a region's shard does with the transactions of an acceptor, without a store. */
export class AcceptorTwin {
  promised: Ballot = zeroBallot;
  accepted: Accepted | undefined;
  readonly live = new Map<GrantId, LeaseId>();
  /** The lease a session has in this region. */
  readonly leases = new Map<SessionId, LeaseId>();
  generation = 1;
  halfTrusted = false;
  incarnation = "";
  members: Members | undefined;

  prepare({ ballot, generation }: PrepareRequest): PrepareReply {
    if (!this.#isAt(generation)) return this.#otherGeneration();
    if (compareBallots(this.promised, ballot) >= 0) {
      return { kind: "refused", promised: this.promised };
    }
    this.promised = ballot;
    const { accepted, halfTrusted } = this;
    const live = this.#shownLive();
    if (accepted === undefined) return { kind: "promised", live, halfTrusted };
    return { kind: "promised", accepted, live, halfTrusted };
  }

  /** What a promise would show, without raising anything. */
  read(generation: number): Shown | OtherGeneration {
    if (!this.#isAt(generation)) return this.#otherGeneration();
    const { accepted, halfTrusted } = this;
    const live = this.#shownLive();
    if (accepted === undefined) return { kind: "shown", live, halfTrusted };
    return { kind: "shown", accepted, live, halfTrusted };
  }

  accept({ ballot, value, next, attach, forget, generation }: AcceptRequest): AcceptReply {
    if (!this.#isAt(generation)) return this.#otherGeneration();
    if (compareBallots(this.promised, ballot) > 0) {
      const isStored =
        this.accepted !== undefined && compareBallots(this.accepted.ballot, ballot) === 0;
      if (!isStored) return { kind: "refused", promised: this.promised };
      const asked = new Set(attach.map(({ grantId }) => grantId));
      const live = [...this.live].filter(([grantId]) => asked.has(grantId));
      return { kind: "accepted", attached: live.map(([grantId, lease]) => ({ grantId, lease })) };
    }
    this.promised = next;
    this.accepted = { ballot, value };
    const attached: Attached[] = [];
    for (const { grantId, session } of attach) {
      const lease = this.leases.get(session);
      if (lease === undefined) continue;
      this.live.set(grantId, lease);
      attached.push({ grantId, lease });
    }
    for (const grantId of forget) this.live.delete(grantId);
    return { kind: "accepted", attached };
  }

  endLease(session: SessionId, lease: LeaseId): void {
    if (this.leases.get(session) === lease) this.leases.delete(session);
    for (const [grantId, under] of this.live) if (under === lease) this.live.delete(grantId);
  }

  /** What the shard says of itself. */
  claim(name: string): ShardClaim {
    const { incarnation, generation, members } = this;
    return {
      name,
      incarnation,
      generation,
      ...(members === undefined ? {} : { members }),
      isBlank: this.promised === zeroBallot,
      isHalfTrusted: this.halfTrusted,
      problem: "",
    };
  }

  /** Goes on to a higher generation; only a shard that votes, and that the record names. */
  raise(name: string, record: Members): void {
    if (record.shards[name]?.incarnation !== this.incarnation) return;
    if (this.generation === 0 || this.generation >= record.generation) return;
    this.generation = record.generation;
    this.members = record;
  }

  /** The register, to be written into another region. */
  copy(generation: number): TwinCopy | OtherGeneration {
    if (!this.#isAt(generation)) return this.#otherGeneration();
    return { kind: "copy", promised: this.promised, accepted: this.accepted };
  }

  /** Keeps what is higher of a copy, while it gives no votes; false where it does, or is new. */
  keep(incarnation: string, { promised, accepted }: TwinCopy): boolean {
    if (incarnation !== this.incarnation || this.generation !== 0) return false;
    this.promised = maxBallot(this.promised, promised);
    if (accepted === undefined) return true;
    const own = this.accepted?.ballot ?? zeroBallot;
    if (compareBallots(own, accepted.ballot) < 0) this.accepted = accepted;
    return true;
  }

  /** Lets it vote again; false where it does already, or is new. */
  readmit(incarnation: string, record: Members): boolean {
    const isSame = incarnation === this.incarnation;
    if (!isSame || this.generation !== 0) return false;
    this.generation = record.generation;
    this.members = record;
    this.halfTrusted = true;
    return true;
  }

  /** It is another cluster than the one that is to vote, whatever it keeps. */
  disown(incarnation: string): void {
    this.generation = 0;
    this.members = undefined;
    this.incarnation = incarnation;
  }

  /** All of its data is gone. */
  wipe(incarnation: string): void {
    this.promised = zeroBallot;
    this.accepted = undefined;
    this.live.clear();
    this.leases.clear();
    this.halfTrusted = false;
    this.disown(incarnation);
  }

  #isAt(generation: number): boolean {
    return generation === this.generation;
  }

  #otherGeneration(): OtherGeneration {
    return { kind: "other-generation", generation: this.generation };
  }

  #shownLive(): Attached[] {
    const live: Attached[] = [];
    for (const [grantId, lease] of this.live) live.push({ grantId, lease });
    return live;
  }
}
