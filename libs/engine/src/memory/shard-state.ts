import { emptyBytes } from "@holdfast/base/bytes";
import { invariant } from "@holdfast/base/invariant";
import type { KeyValue, Op, OpResult, Txn, TxnResult } from "@holdfast/core/txn/txn";
import type { RejectReason, WatchEvent } from "../ports/shard-store.ts";
import { KeySpace } from "./key-space.ts";
import { mayPut, readsOnly, refusalOfShape, type TxnLimits, writesKeyTwice } from "./txn-limits.ts";
import { requestBytes } from "./txn-size.ts";

/** How far a gRPC message may pass the request limit before etcd's transport refuses it. */
const transportSlackBytes = 512 * 1024;

/** The branch each transaction of a request takes, decided before any of them runs. */
export interface Decision {
  readonly txn: Txn;
  readonly succeeded: boolean;
  /** Decisions of the transactions in the branch taken, in order. */
  readonly nested: readonly Decision[];
}

/** What a request changed, in order; all of it carries one revision. */
export interface Applied {
  readonly result: TxnResult;
  readonly events: readonly WatchEvent[];
}

/**
 * The state machine of one etcd shard: keys, revisions and leases, without time. Synchronous, and
 * a function of the calls made so far. The steps of {@link commit} are separate methods so that a
 * test can break one rule and see the contract suite notice.
 */
export class ShardState {
  readonly keys = new KeySpace();
  readonly #leases = new Map<bigint, Set<string>>();
  readonly #limits: TxnLimits;
  /** etcd starts at 1; the first write is revision 2. */
  #revision = 1;
  #events: WatchEvent[] = [];
  /** No space is left: nothing may be put until it is cleared. */
  noSpace = false;

  constructor(limits: TxnLimits) {
    this.#limits = limits;
  }

  get revision(): number {
    return this.#revision;
  }

  commit(txn: Txn): Applied | RejectReason {
    const refusal = this.refusal(txn);
    if (refusal !== undefined) return refusal;
    const decision = this.decide(txn);
    if (this.missesLease(decision)) return "lease-not-found";
    const result = this.run(decision);
    return { result, events: this.#seal() };
  }

  /** Registers a lease id that was never used before. */
  grant(lease: bigint): void {
    invariant(lease !== 0n && !this.#leases.has(lease), "a lease id is new");
    this.#leases.set(lease, new Set());
  }

  /** Ends a lease and deletes its keys in one revision, in key order as etcd does. */
  revoke(lease: bigint): readonly WatchEvent[] {
    const keys = this.#leases.get(lease);
    invariant(keys !== undefined, "only a living lease ends");
    for (const key of [...keys].sort()) this.#delete(key);
    this.#leases.delete(lease);
    return this.#seal();
  }

  /** The keys on a lease, sorted; undefined where it has ended. */
  leaseKeys(lease: bigint): string[] | undefined {
    const keys = this.#leases.get(lease);
    return keys === undefined ? undefined : [...keys].sort();
  }

  /** What etcd refuses before it decides any branch, in its order. */
  protected refusal(txn: Txn): RejectReason | undefined {
    const bytes = requestBytes(txn);
    if (bytes > this.#limits.requestBytesMax + transportSlackBytes) return "too-large";
    const shape = refusalOfShape(txn, this.#limits.opsMax);
    if (shape !== undefined) return shape;
    if (writesKeyTwice(txn)) return "duplicate-key";
    if (bytes > this.#limits.requestBytesMax && !readsOnly(txn)) return "too-large";
    return this.noSpace && mayPut(txn) ? "no-space" : undefined;
  }

  /** Decides every branch, nested ones too, by the state before the request. */
  protected decide(txn: Txn): Decision {
    const succeeded = txn.compares.every((compare) => this.keys.holds(compare));
    const nested: Decision[] = [];
    for (const op of succeeded ? txn.success : txn.failure) {
      if (op.kind === "txn") nested.push(this.decide(op.txn));
    }
    return { txn, succeeded, nested };
  }

  /** Whether a branch taken puts a key under a lease that does not exist. */
  protected missesLease(decision: Decision): boolean {
    for (const op of taken(decision)) {
      if (op.kind === "put" && op.lease !== 0n && !this.#leases.has(op.lease)) return true;
    }
    return decision.nested.some((nested) => this.missesLease(nested));
  }

  /** Runs the branches taken, in order; a range sees what was written before it. */
  protected run(decision: Decision): TxnResult {
    let nested = 0;
    const results: OpResult[] = [];
    for (const op of taken(decision)) {
      switch (op.kind) {
        case "put":
          this.#put(op.key, op.value, op.lease);
          results.push({ kind: "put" });
          break;
        case "delete": {
          const keys = this.keys.keys(op.key, op.rangeEnd);
          for (const key of keys) this.#delete(key);
          results.push({ kind: "delete", deleted: keys.length });
          break;
        }
        case "range":
          results.push(this.keys.read(op));
          break;
        case "txn": {
          const inner = decision.nested[nested++];
          invariant(inner !== undefined, "every nested transaction was decided");
          results.push({ kind: "txn", result: this.run(inner) });
          break;
        }
      }
    }
    return { succeeded: decision.succeeded, results };
  }

  #put(key: string, value: Uint8Array, lease: bigint): void {
    const before = this.keys.get(key);
    const modRevision = BigInt(this.#revision + 1);
    const createRevision = before?.createRevision ?? modRevision;
    const kv: KeyValue = { key, value, createRevision, modRevision, lease };
    if (before !== undefined && before.lease !== lease) this.#leases.get(before.lease)?.delete(key);
    this.#leases.get(lease)?.add(key);
    this.keys.set(kv);
    this.#note("put", kv, before);
  }

  #delete(key: string): void {
    const before = this.keys.get(key);
    invariant(before !== undefined, "only a key that exists is deleted");
    this.#leases.get(before.lease)?.delete(key);
    this.keys.delete(key);
    const modRevision = BigInt(this.#revision + 1);
    const kv = { key, value: emptyBytes, createRevision: 0n, modRevision, lease: 0n };
    this.#note("delete", kv, before);
  }

  /** `before`: the key as it was found, which the same request may have written a moment ago. */
  #note(kind: WatchEvent["kind"], kv: KeyValue, before: KeyValue | undefined): void {
    const isFirst = before === undefined || before.modRevision < kv.modRevision;
    const previous = isFirst ? before : this.#previousOf(kv.key);
    this.#events.push({ kind, kv, ...(previous === undefined ? {} : { previous }) });
  }

  /** What an earlier event of this request says that the key was. */
  #previousOf(key: string): KeyValue | undefined {
    return this.#events.find((event) => event.kv.key === key)?.previous;
  }

  /** Ends a request: it makes a revision exactly if it changed something. */
  #seal(): readonly WatchEvent[] {
    const events = this.#events;
    if (events.length > 0) {
      this.#revision += 1;
      this.#events = [];
    }
    return events;
  }
}

function taken(decision: Decision): readonly Op[] {
  return decision.succeeded ? decision.txn.success : decision.txn.failure;
}
