import type { LeaseId, SessionId } from "@holdfast/base/ids";
import { zeroBallot } from "@holdfast/core/quorum/ballot";
import type { RegionClaims, ShardClaim } from "@holdfast/core/quorum/claim";
import { type Members, memberName } from "@holdfast/core/quorum/members";
import type {
  AcceptReply,
  AcceptRequest,
  OtherGeneration,
  PrepareReply,
  PrepareRequest,
  Shown,
} from "@holdfast/core/quorum/message";
import { AcceptorTwin, type TwinCopy } from "./acceptor-twin.ts";
import type { RegisterSurroundings } from "./register-surroundings.ts";

export const regionNames = ["east", "west", "europe"] as const;
/** Each region has one shard. */
const shardName = "s0";

/**
 * One region's shard: its vote, the leases of sessions there, and what the checks see of it.
 * Where it answers undefined it gives no vote now, and says nothing at all.
 */
export class RegisterRegion {
  readonly index: number;
  readonly acceptor = new AcceptorTwin();
  /** As records name its shard. */
  readonly member: string;
  readonly #world: RegisterSurroundings;
  readonly #onBehind: (index: number) => void;
  readonly #leaseEnds = new Map<LeaseId, { endsAtMs: number; readonly session: SessionId }>();
  #incarnations = 0;
  /** It lost its data, and was not let in again since. */
  #isSilent = false;
  /** Regions whose copy was written into it since. */
  readonly #keptFrom = new Set<number>();

  /** `onBehind`: somebody is at a higher generation. */
  constructor(world: RegisterSurroundings, index: number, onBehind: (index: number) => void) {
    this.#world = world;
    this.#onBehind = onBehind;
    this.index = index;
    this.member = memberName(regionNames[index] ?? "", shardName);
    this.acceptor.incarnation = `${index}#0`;
  }

  prepare(request: PrepareRequest): PrepareReply | undefined {
    this.#onAsked(request.generation);
    this.look();
    const reply = this.acceptor.prepare(request);
    this.look();
    if (reply.kind === "promised") this.#onVote();
    return this.#told(reply, request.generation);
  }

  accept(request: AcceptRequest): AcceptReply | undefined {
    this.#onAsked(request.generation);
    this.look();
    const { acceptor } = this;
    const { promised, accepted } = acceptor;
    const reply = acceptor.accept(request);
    this.look();
    const { ballot, value } = request;
    if (acceptor.accepted?.ballot === ballot && accepted?.ballot !== ballot) {
      this.#world.checks.onAccepted(this.index, ballot, value, promised);
    }
    if (reply.kind === "accepted") this.#onVote();
    return this.#told(reply, request.generation);
  }

  read(generation: number): Shown | OtherGeneration | undefined {
    this.#onAsked(generation);
    return this.#told(this.acceptor.read(generation), generation);
  }

  describe(): RegionClaims {
    const region = regionNames[this.index] ?? "";
    return { kind: "claims", region, shards: [this.acceptor.claim(shardName)] };
  }

  raise(record: Members): void {
    this.acceptor.raise(this.member, record);
  }

  copy(generation: number): TwinCopy | OtherGeneration {
    return this.acceptor.copy(generation);
  }

  keep(from: number, incarnation: string, copy: TwinCopy): boolean {
    const isKept = this.acceptor.keep(incarnation, copy);
    if (isKept) this.#keptFrom.add(from);
    return isKept;
  }

  /** `trustMs`: for so long, and a little longer, what it lacks proves nothing. */
  readmit(incarnation: string, record: Members, trustMs: number): boolean {
    const { acceptor } = this;
    const isDone = acceptor.readmit(incarnation, record);
    if (!isDone) return false;
    const { checks, timeline, random } = this.#world;
    if (this.#keptFrom.size < 2) {
      checks.fail("I13", `region ${this.index} votes, and not all was copied into it`);
    }
    this.#isSilent = false;
    const { accepted } = acceptor;
    // From now on two regions may show it.
    if (accepted !== undefined) {
      checks.onAccepted(this.index, accepted.ballot, accepted.value, zeroBallot);
    }
    const now = acceptor.incarnation;
    timeline.after(trustMs + random.next() * 200, () => {
      if (acceptor.incarnation === now) acceptor.halfTrusted = false;
    });
    return true;
  }

  /** It is not the cluster that is to vote here: it becomes a new one, and is copied into. */
  disown({ incarnation, generation }: ShardClaim): void {
    const { acceptor } = this;
    if (acceptor.incarnation !== incarnation || acceptor.generation !== generation) return;
    acceptor.disown(`${this.index}#${++this.#incarnations}`);
    this.#isSilent = true;
    this.#keptFrom.clear();
  }

  /** Takes all its data away. */
  wipe(): void {
    this.acceptor.wipe(`${this.index}#${++this.#incarnations}`);
    this.#leaseEnds.clear();
    this.#isSilent = true;
    this.#keptFrom.clear();
    this.#world.checks.onWiped(this.index);
    this.#world.record?.onWiped(this.index);
  }

  /** A lease of the session; etcd's own may end late, never early. */
  grantLease(
    session: SessionId,
    ttlMs: number,
  ): { readonly lease: LeaseId; readonly isNew: boolean } {
    const known = this.acceptor.leases.get(session);
    if (known !== undefined) return { lease: known, isNew: false };
    const lease = this.#world.nextLease();
    this.acceptor.leases.set(session, lease);
    this.#leaseEnds.set(lease, { endsAtMs: this.#world.timeline.nowMs + ttlMs, session });
    this.#watchLease(lease);
    return { lease, isNew: true };
  }

  /** True where the lease lives: it then lives for another ttl. */
  keepAlive(lease: LeaseId, ttlMs: number): boolean {
    const state = this.#leaseEnds.get(lease);
    if (state === undefined) return false;
    state.endsAtMs = Math.max(state.endsAtMs, this.#world.timeline.nowMs + ttlMs);
    return true;
  }

  /** What it keeps is looked at before and after everything that is asked of it. */
  look(): void {
    const { promised, accepted } = this.acceptor;
    this.#world.checks.onKept(this.index, promised, accepted?.ballot);
    this.#world.record?.onKept(this.index, accepted);
  }

  #watchLease(lease: LeaseId): void {
    const state = this.#leaseEnds.get(lease);
    if (state === undefined) return;
    const { random, timeline } = this.#world;
    const lateMs = random.next() < 0.8 ? 0 : random.next() * 500;
    timeline.after(state.endsAtMs + lateMs - timeline.nowMs, () => {
      if (!this.#leaseEnds.has(lease)) return;
      if (state.endsAtMs > timeline.nowMs) {
        this.#watchLease(lease);
        return;
      }
      this.#leaseEnds.delete(lease);
      this.acceptor.endLease(state.session, lease);
    });
  }

  /** Somebody is at a higher generation: there is a record to be found that made it. */
  #onAsked(generation: number): void {
    const own = this.acceptor.generation;
    if (own > 0 && own < generation) this.#onBehind(this.index);
  }

  #onVote(): void {
    if (!this.#isSilent) return;
    this.#world.checks.fail("I13", `region ${this.index} lost its data and votes all the same`);
  }

  /** A region that is behind, or silent, is no answer. */
  #told<R extends { readonly kind: string }>(reply: R, generation: number): R | undefined {
    const other = reply as R | OtherGeneration;
    const isBehind = isOtherGeneration(other) && other.generation < generation;
    return isBehind ? undefined : reply;
  }
}

function isOtherGeneration(reply: { readonly kind: string }): reply is OtherGeneration {
  return reply.kind === "other-generation";
}
