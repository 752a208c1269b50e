import type { Failure } from "@holdfast/base/failure";
import type { LeaseId, SessionId } from "@holdfast/base/ids";
import type {
  AcceptReply,
  AcceptRequest,
  OtherGeneration,
  PrepareReply,
  PrepareRequest,
  Shown,
} from "@holdfast/core/quorum/message";

/** A lock of every region. */
export interface GlobalLockId {
  readonly namespace: string;
  readonly name: string;
}

/**
 * One region as a coordinator sees it: its vote for each global lock, and the leases that sessions
 * have there. The region itself implements it over its shards, the others over the network.
 *
 * Contract: every promise resolves within `withinMs` or a little more, and never rejects but for a
 * bug. A failure says nothing at all: what was asked may have been done, may yet be done, or not.
 * Nothing is asked twice by itself, but an answer may have come of a copy. `traceparent`: the trace
 * context of what a vote is asked for, absent where that is not traced.
 */
export interface VotingRegion {
  readonly region: string;
  prepare(
    lock: GlobalLockId,
    request: PrepareRequest,
    withinMs: number,
    traceparent?: string,
  ): Promise<PrepareReply | Failure>;
  accept(
    lock: GlobalLockId,
    request: AcceptRequest,
    withinMs: number,
    traceparent?: string,
  ): Promise<AcceptReply | Failure>;
  /** What a promise would show, without raising anything [H7]. */
  read(
    lock: GlobalLockId,
    generation: number,
    withinMs: number,
  ): Promise<Shown | OtherGeneration | Failure>;
  /**
   * The session's lease in the lock's shard there, made where it has none: the session has just
   * asked for something, so it lives.
   */
  meet(lock: GlobalLockId, session: MetSession, withinMs: number): Promise<RegionLease | Failure>;
  /** Passes a sign of life of the session on to its lease in the lock's shard. */
  keepAlive(
    lock: GlobalLockId,
    session: SessionId,
    withinMs: number,
  ): Promise<RegionLease | Failure>;
}

/** A session, to be known in another region too. */
export interface MetSession {
  readonly session: SessionId;
  readonly ttlMs: number;
}

/** A session's lease in one region. */
export interface RegionLease {
  readonly kind: "region-lease";
  readonly region: string;
  readonly shard: string;
  readonly lease: LeaseId;
  /** From before the question was sent; 0: it has ended. */
  readonly validForMs: number;
}
