import type { LeaseId } from "@holdfast/base/ids";
import type { RangeOp, Txn } from "@holdfast/core/txn/txn";
import type {
  CommitReply,
  CompactReply,
  KeepAliveReply,
  LeaseGrantReply,
  LeaseKeysReply,
  RangeAtReply,
  RangeReply,
  ShardStore,
  StoreFailure,
  Watch,
  WatchListener,
  WatchRequest,
} from "@holdfast/engine/ports/shard-store";
import { until } from "./until.ts";

/** A transaction that stands before the gate. */
export interface Hold {
  /** Resolves when there is one; fails when there is none for long. */
  reached(): Promise<void>;
  /** Lets it through. */
  open(): void;
}

/** Passes everything on to a store, but for chosen transactions, which it stops on the way. */
export class Gate implements ShardStore {
  /** The transactions that were let through, in order. */
  readonly sent: Txn[] = [];
  /** The leases that were granted, in order. */
  readonly granted: LeaseId[] = [];
  readonly #store: ShardStore;
  readonly #holds: { matches: (txn: Txn) => boolean; stop: () => Promise<void> }[] = [];

  constructor(store: ShardStore) {
    this.#store = store;
  }

  /** Stops the first transaction from now on that matches. */
  hold(matches: (txn: Txn) => boolean): Hold {
    let isReached = false;
    const opened = Promise.withResolvers<void>();
    const stop = () => {
      isReached = true;
      return opened.promise;
    };
    this.#holds.push({ matches, stop });
    return {
      reached: () => until("a transaction stands before the gate", () => isReached),
      open: opened.resolve,
    };
  }

  async commit(txn: Txn): Promise<CommitReply> {
    const index = this.#holds.findIndex(({ matches }) => matches(txn));
    if (index >= 0) await this.#holds.splice(index, 1)[0]?.stop();
    this.sent.push(txn);
    return this.#store.commit(txn);
  }

  async grantLease(ttlS: number): Promise<LeaseGrantReply> {
    const reply = await this.#store.grantLease(ttlS);
    if (reply.kind === "granted") this.granted.push(reply.lease);
    return reply;
  }

  range(range: RangeOp): Promise<RangeReply> {
    return this.#store.range(range);
  }

  rangeAt(range: RangeOp, revision: bigint): Promise<RangeAtReply> {
    return this.#store.rangeAt(range, revision);
  }

  keepAlive(lease: LeaseId): Promise<KeepAliveReply> {
    return this.#store.keepAlive(lease);
  }

  revokeLease(lease: LeaseId): Promise<{ readonly kind: "revoked" } | StoreFailure> {
    return this.#store.revokeLease(lease);
  }

  leaseKeys(lease: LeaseId): Promise<LeaseKeysReply> {
    return this.#store.leaseKeys(lease);
  }

  watch(request: WatchRequest, listener: WatchListener): Watch {
    return this.#store.watch(request, listener);
  }

  compact(revision: bigint): Promise<CompactReply> {
    return this.#store.compact(revision);
  }
}
