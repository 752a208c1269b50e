import type { GrantId, LeaseId, SessionId } from "@holdfast/base/ids";
import { type Ballot, compareBallots, zeroBallot } from "@holdfast/core/quorum/ballot";
import type {
  Accepted,
  AcceptReply,
  AcceptRequest,
  Attached,
  PrepareReply,
  PrepareRequest,
} from "@holdfast/core/quorum/message";

/** What a region's shard does with the two transactions of an acceptor, without a store. */
export class AcceptorTwin {
  promised: Ballot = zeroBallot;
  accepted: Accepted | undefined;
  readonly live = new Map<GrantId, LeaseId>();
  /** The lease a session has in this region. */
  readonly leases = new Map<SessionId, LeaseId>();
  generation = 1;
  halfTrusted = false;

  prepare({ ballot, generation }: PrepareRequest): PrepareReply {
    if (generation !== this.generation) {
      return { kind: "other-generation", generation: this.generation };
    }
    if (compareBallots(this.promised, ballot) >= 0) {
      return { kind: "refused", promised: this.promised };
    }
    this.promised = ballot;
    const { accepted, halfTrusted } = this;
    const live = [...this.live].map(([grantId, lease]) => ({ grantId, lease }));
    if (accepted === undefined) return { kind: "promised", live, halfTrusted };
    return { kind: "promised", accepted, live, halfTrusted };
  }

  accept({ ballot, value, next, attach, forget, generation }: AcceptRequest): AcceptReply {
    if (generation !== this.generation) {
      return { kind: "other-generation", generation: this.generation };
    }
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
}
