import type { LeaseId } from "@holdfast/base/ids";
import type { KeyValue, RangeOp, RangeResult, Txn, TxnResult } from "@holdfast/core/txn/txn";

/**
 * One shard: an ordered, revisioned key-value store with leases, as etcd is one.
 *
 * Contract (test/contract proves it for every implementation):
 * - `commit` is atomic and linearizable. Its answer is definite or says that it is not: a write
 *   whose answer was lost is `unknown`, because it may have been applied or still be applied later.
 *   An implementation never repeats a write by itself.
 * - All compares of a transaction, nested ones included, see the state before the transaction; all
 *   keys it writes carry one revision; each transaction that wrote raises the revision by one.
 * - The whole transaction is refused, and nothing applied, when it puts one key twice, puts a key
 *   under a lease that does not exist, or passes a limit.
 * - A lease that ends deletes all its keys in one revision. It ends no earlier than its ttl after
 *   the grant or the last keepalive reached the store; it may end later. Ids are never reused.
 * - `watch` delivers every event from its start revision in order, each revision whole, or says
 *   that it cannot (`compacted`) or that it lost the connection (`interrupted`); then it has ended.
 * - A watch `withPrevious` tells with each event what the key was before the event's revision,
 *   whatever else that revision did to it. The store reads it when it delivers the event: where the
 *   revision before has been compacted by then, it is missing, and nothing says so.
 * - Ordered by creation, keys created by one revision come in no particular order.
 * - A `rangeEnd` sorts after its key; anything else is a bug of the caller.
 */
export interface ShardStore {
  commit(txn: Txn): Promise<CommitReply>;
  /** A linearizable read. Repeating it is harmless, so the implementation may. */
  range(range: RangeOp): Promise<RangeReply>;
  /**
   * What the range was at `revision`, which exists: page after page of it comes from one moment.
   * The `revision` of the answer is that of the store, as with {@link range}.
   */
  rangeAt(range: RangeOp, revision: bigint): Promise<RangeAtReply>;
  /** `ttlS`: whole seconds, at least 2. The store chooses the id. */
  grantLease(ttlS: number): Promise<LeaseGrantReply>;
  /** Restarts the lease's ttl. `ttlS` 0 in the answer: the lease has ended. */
  keepAlive(lease: LeaseId): Promise<KeepAliveReply>;
  /** Ends the lease and deletes its keys. Revoking a lease that has ended is a success. */
  revokeLease(lease: LeaseId): Promise<{ readonly kind: "revoked" } | StoreFailure>;
  /** What is left of a lease, rounded down to seconds (-1: it has ended), and its keys, sorted. */
  leaseKeys(lease: LeaseId): Promise<LeaseKeysReply>;
  watch(watch: WatchRequest, listener: WatchListener): Watch;
  /**
   * Forgets history before `revision`; what is current stays. Doing it again is a success; a
   * revision that does not exist yet is refused (`invalid`).
   */
  compact(revision: bigint): Promise<CompactReply>;
}

/** The request was not applied, or nobody knows whether it was. */
export type StoreFailure =
  /** Certainly not applied: it never left, or the store refused it before looking at it. */
  | { readonly kind: "unavailable"; readonly message: string }
  /** May have been applied, or may still be. */
  | { readonly kind: "unknown"; readonly message: string };

/** Certainly not applied, for a reason that lies in the request or in the store's limits. */
export interface Rejected {
  readonly kind: "rejected";
  readonly reason: RejectReason;
  readonly message: string;
}

/** Why the store refused a transaction. */
export type RejectReason =
  | "lease-not-found"
  | "duplicate-key"
  | "too-many-operations"
  | "too-large"
  | "no-space"
  | "invalid";

/** `revision`: the store's revision after the transaction; a key it created carries it. */
export type CommitReply =
  | { readonly kind: "committed"; readonly revision: bigint; readonly result: TxnResult }
  | Rejected
  | StoreFailure;

/** What was read, as of `revision`. */
export type RangeReply =
  | { readonly kind: "read"; readonly revision: bigint; readonly range: RangeResult }
  | StoreFailure;

/** `compacted`: what was at that revision is forgotten. */
export type RangeAtReply = RangeReply | { readonly kind: "compacted" };

/** `ttlS`: what the store granted, at least what was asked for. */
export type LeaseGrantReply =
  | { readonly kind: "granted"; readonly lease: LeaseId; readonly ttlS: number }
  | Rejected
  | StoreFailure;

/** `ttlS` 0: the lease has ended. */
export type KeepAliveReply = { readonly kind: "kept"; readonly ttlS: number } | StoreFailure;

/** `remainingS` -1: the lease has ended. */
export type LeaseKeysReply =
  | { readonly kind: "lease"; readonly remainingS: number; readonly keys: readonly string[] }
  | StoreFailure;

/** See {@link ShardStore.compact}. */
export type CompactReply = { readonly kind: "compacted" } | Rejected | StoreFailure;

/** A key or range to watch, from `startRevision` (1 or more) on, inclusive. */
export interface WatchRequest {
  readonly key: string;
  readonly rangeEnd?: string;
  readonly startRevision: bigint;
  /** Each event brings what the key was before: it costs the store one read an event. */
  readonly withPrevious?: boolean;
}

/** A key was written (`kv` is its new state) or deleted (`kv` has only key and `modRevision`). */
export interface WatchEvent {
  readonly kind: "put" | "delete";
  readonly kv: KeyValue;
  /**
   * The key before `revision`, where the watch is one `withPrevious`: absent where there was none,
   * or where the revision before is compacted.
   */
  readonly previous?: KeyValue;
}

/** Called in revision order, never concurrently, never after `onEnd` or {@link Watch.cancel}. */
export interface WatchListener {
  /** All events of `revision` that fall in the range. */
  onEvents(revision: bigint, events: readonly WatchEvent[]): void;
  /** The watch is over; read again and start a new one. */
  onEnd(reason: "compacted" | "interrupted"): void;
}

/** A running watch. */
export interface Watch {
  cancel(): void;
}
