import { type Failure, failure } from "@holdfast/base/failure";
import type { SessionId } from "@holdfast/base/ids";
import type {
  AcceptReply,
  AcceptRequest,
  OtherGeneration,
  PrepareReply,
  PrepareRequest,
  Shown,
} from "@holdfast/core/quorum/message";
import type { Membership } from "./membership.ts";
import type { GlobalLockId, MetSession, RegionLease, VotingRegion } from "./ports/voting-region.ts";

/**
 * This region's vote, kept back while the region may not give it. Put before the region's own
 * acceptor, both for its own proposals and for what other regions ask.
 *
 * A vote refused because the *asker* is behind goes out, for the asker must learn of it. One
 * refused because this region is behind, or lost its data, is no answer at all: it would end
 * attempts that the two other regions carry.
 */
export class AdmittedRegion implements VotingRegion {
  readonly region: string;
  readonly #votes: VotingRegion;
  readonly #membership: Pick<Membership, "refusal" | "onGeneration">;

  constructor(votes: VotingRegion, membership: Pick<Membership, "refusal" | "onGeneration">) {
    this.region = votes.region;
    this.#votes = votes;
    this.#membership = membership;
  }

  prepare(
    lock: GlobalLockId,
    request: PrepareRequest,
    withinMs: number,
    traceparent?: string,
  ): Promise<PrepareReply | Failure> {
    return this.#ask(request.generation, () =>
      this.#votes.prepare(lock, request, withinMs, traceparent),
    );
  }

  accept(
    lock: GlobalLockId,
    request: AcceptRequest,
    withinMs: number,
    traceparent?: string,
  ): Promise<AcceptReply | Failure> {
    return this.#ask(request.generation, () =>
      this.#votes.accept(lock, request, withinMs, traceparent),
    );
  }

  read(
    lock: GlobalLockId,
    generation: number,
    withinMs: number,
  ): Promise<Shown | OtherGeneration | Failure> {
    return this.#ask(generation, () => this.#votes.read(lock, generation, withinMs));
  }

  /** A session may live in a region that has no vote: its leases there are needed afterwards. */
  meet(lock: GlobalLockId, met: MetSession, withinMs: number): Promise<RegionLease | Failure> {
    return this.#votes.meet(lock, met, withinMs);
  }

  keepAlive(
    lock: GlobalLockId,
    session: SessionId,
    withinMs: number,
  ): Promise<RegionLease | Failure> {
    return this.#votes.keepAlive(lock, session, withinMs);
  }

  async #ask<R extends { readonly kind: string }>(
    generation: number,
    ask: () => Promise<R | OtherGeneration | Failure>,
  ): Promise<R | OtherGeneration | Failure> {
    this.#membership.onGeneration(generation);
    const refusal = this.#membership.refusal();
    if (refusal !== undefined) return refusal;
    const reply = await ask();
    if (!isOtherGeneration(reply)) return reply;
    this.#membership.onGeneration(reply.generation);
    return reply.generation > generation ? reply : behind(this.region, reply.generation);
  }
}

function isOtherGeneration(reply: { readonly kind: string }): reply is OtherGeneration {
  return reply.kind === "other-generation";
}

function behind(region: string, generation: number): Failure {
  return failure(
    "SHARD_UNAVAILABLE",
    generation === 0
      ? `Region ${region} gives no vote: its shard is new or has lost its data. Readmit the region.`
      : `Region ${region} is at generation ${generation} and is about to go on to a higher one.`,
    { retryAfterMs: 1_000 },
  );
}
