import type { Clock } from "@holdfast/base/clock";
import type { LeaseId } from "@holdfast/base/ids";
import { invariant } from "@holdfast/base/invariant";
import { integerBelow, type Random } from "@holdfast/base/random";
import type { RangeOp, Txn } from "@holdfast/core/txn/txn";
import type {
  CommitReply,
  CompactReply,
  KeepAliveReply,
  LeaseGrantReply,
  LeaseKeysReply,
  RangeAtReply,
  RangeReply,
  Rejected,
  RejectReason,
  ShardStore,
  Watch,
  WatchEvent,
  WatchListener,
  WatchRequest,
} from "../ports/shard-store.ts";
import { History } from "./history.ts";
import { LeaseTimers } from "./lease-timers.ts";
import { ShardState } from "./shard-state.ts";
import { defaultTxnLimits } from "./txn-limits.ts";
import { WatchHub } from "./watch-hub.ts";

/** Past this many events half of the history is compacted, so that memory stays bounded. */
const historyEventsMax = 200_000;
/** etcd's least ttl at its default election timeout. */
const leaseTtlMinS = 2;
/** The longest ttl etcd grants. */
const leaseTtlMaxS = 9_000_000_000;

/** What a {@link MemoryShardStore} is made of. */
export interface MemoryShardOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** How late a lease ends once it is over, in milliseconds; drawn at every keepalive. */
  readonly leaseLateMs?: () => number;
  /** Replaced by a test that breaks one rule. */
  readonly state?: ShardState;
}

/** An etcd shard in memory: the same answers to the same calls (test/contract proves it). */
export class MemoryShardStore implements ShardStore {
  readonly #random: Random;
  readonly #state: ShardState;
  readonly #history: History;
  readonly #leases: LeaseTimers;
  readonly #watches: WatchHub;
  #leasesGranted = 0;

  constructor(options: MemoryShardOptions) {
    this.#random = options.random;
    this.#state = options.state ?? new ShardState(defaultTxnLimits);
    this.#history = new History(this.#state.revision + 1);
    this.#watches = new WatchHub(options.clock);
    this.#leases = new LeaseTimers(options.clock, options.leaseLateMs ?? (() => 0), (lease) =>
      this.#endLease(lease),
    );
  }

  async commit(txn: Txn): Promise<CommitReply> {
    const applied = this.#state.commit(txn);
    if (typeof applied === "string") return rejected(applied);
    this.#publish(applied.events);
    return { kind: "committed", revision: this.#revision(), result: applied.result };
  }

  async range(range: RangeOp): Promise<RangeReply> {
    return { kind: "read", revision: this.#revision(), range: this.#state.keys.read(range) };
  }

  async rangeAt(range: RangeOp, revision: bigint): Promise<RangeAtReply> {
    invariant(revision > 0n && revision <= this.#revision(), "a revision that exists");
    if (revision < this.#history.compacted) return { kind: "compacted" };
    const keys = this.#history.keysAt(Number(revision), this.#state.keys);
    return { kind: "read", revision: this.#revision(), range: keys.read(range) };
  }

  async grantLease(ttlS: number): Promise<LeaseGrantReply> {
    invariant(Number.isInteger(ttlS), "a ttl is whole seconds");
    if (this.#state.noSpace) return rejected("no-space");
    if (ttlS > leaseTtlMaxS) return rejected("invalid");
    const granted = Math.max(ttlS, leaseTtlMinS);
    const lease = this.#newLeaseId();
    this.#state.grant(lease);
    this.#leases.start(lease, granted);
    return { kind: "granted", lease, ttlS: granted };
  }

  async keepAlive(lease: LeaseId): Promise<KeepAliveReply> {
    const ttlS = await this.#leases.keepAlive(lease);
    if (ttlS === "restarted") return { kind: "unknown", message: "the leader changed" };
    return { kind: "kept", ttlS };
  }

  async revokeLease(lease: LeaseId): Promise<{ readonly kind: "revoked" }> {
    if (this.#state.leaseKeys(lease) !== undefined) this.#endLease(lease);
    return { kind: "revoked" };
  }

  async leaseKeys(lease: LeaseId): Promise<LeaseKeysReply> {
    const keys = this.#state.leaseKeys(lease);
    if (keys === undefined) return { kind: "lease", remainingS: -1, keys: [] };
    return { kind: "lease", remainingS: this.#leases.remainingS(lease), keys };
  }

  watch(request: WatchRequest, listener: WatchListener): Watch {
    invariant(request.startRevision > 0n, "a watch starts at a revision");
    const { key, rangeEnd } = request;
    invariant(rangeEnd === undefined || key < rangeEnd, "a range ends after its first key");
    return this.#watches.add(request, listener, this.#history);
  }

  async compact(revision: bigint): Promise<CompactReply> {
    if (revision > this.#revision()) return rejected("invalid");
    if (revision > this.#history.compacted) this.#history.compact(Number(revision));
    return { kind: "compacted" };
  }

  /** How many keys there are. */
  get keys(): number {
    return this.#state.keys.size;
  }

  /** Whether the store's space is used up: puts and new leases are refused, deletes are not. */
  set noSpace(noSpace: boolean) {
    this.#state.noSpace = noSpace;
  }

  /** Acts as a change of leader does: every lease starts its ttl again. */
  restartLeases(): void {
    this.#leases.restartAll();
  }

  /** Ends all watches as a lost connection does. */
  interruptWatches(): void {
    this.#watches.interrupt();
  }

  /** Stops all timers and watches. */
  close(): void {
    this.#leases.close();
    this.#watches.interrupt();
  }

  #revision(): bigint {
    return BigInt(this.#state.revision);
  }

  #endLease(lease: bigint): void {
    const events = this.#state.revoke(lease);
    this.#leases.stop(lease);
    this.#publish(events);
  }

  #publish(events: readonly WatchEvent[]): void {
    if (events.length === 0) return;
    this.#history.append(this.#state.revision, events);
    this.#watches.publish(this.#state.revision, events);
    if (this.#history.events > historyEventsMax) {
      this.#history.compact(this.#history.revisionKeeping(historyEventsMax / 2));
    }
  }

  /** Random, so that nobody relies on an order; unique by the counter in its low half. */
  #newLeaseId(): LeaseId {
    this.#leasesGranted += 1;
    invariant(this.#leasesGranted < 2 ** 32, "a store in memory grants fewer than 2^32 leases");
    const high = BigInt(1 + integerBelow(this.#random, 2 ** 31 - 1));
    return ((high << 32n) | BigInt(this.#leasesGranted)) as LeaseId;
  }
}

const explanations: Readonly<Record<RejectReason, string>> = {
  "lease-not-found": "requested lease not found",
  "duplicate-key": "duplicate key given in txn request",
  "too-many-operations": "too many operations in txn request",
  "too-large": "request is too large",
  "no-space": "space exceeded",
  invalid: "the request is malformed",
};

function rejected(reason: RejectReason): Rejected {
  return { kind: "rejected", reason, message: explanations[reason] };
}
