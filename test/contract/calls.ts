import { setTimeout as sleep } from "node:timers/promises";
import { utf8, utf8Text } from "@holdfast/base/bytes";
import type { LeaseId } from "@holdfast/base/ids";
import type { Compare, Op, RangeOp, Txn, TxnResult } from "@holdfast/core/txn/txn";
import type { RejectReason, ShardStore, WatchRequest } from "@holdfast/engine/ports/shard-store";

/** A put of `value`, or of nothing in particular. */
export function put(key: string, lease = 0n, value = "v"): Op {
  return { kind: "put", key, value: utf8(value), lease };
}

export function remove(key: string, rangeEnd?: string): Op {
  return rangeEnd === undefined ? { kind: "delete", key } : { kind: "delete", key, rangeEnd };
}

/** Everything below `prefix`. */
export function under(prefix: string): RangeOp {
  return { kind: "range", key: `${prefix}/`, rangeEnd: `${prefix}0` };
}

export function txn(compares: Compare[], success: Op[], failure: Op[] = []): Txn {
  return { compares, success, failure };
}

/** A batch of nested transactions. */
export function batch(...txns: Txn[]): Txn {
  return txn(
    [],
    txns.map((each) => ({ kind: "txn", txn: each })),
  );
}

/** A store and the calls of a test that expects them to succeed. */
export class Caller {
  readonly store: ShardStore;

  constructor(store: ShardStore) {
    this.store = store;
  }

  async commit(request: Txn): Promise<{ revision: bigint; result: TxnResult }> {
    const reply = await this.store.commit(request);
    if (reply.kind !== "committed") throw new Error(`${reply.kind}: ${reply.message}`);
    return reply;
  }

  write(...ops: Op[]): Promise<{ revision: bigint; result: TxnResult }> {
    return this.commit(txn([], ops));
  }

  /** Which of a batch's transactions took their success branch. */
  async taken(request: Txn): Promise<boolean[]> {
    const { result } = await this.commit(request);
    return result.results.map((each) => each.kind === "txn" && each.result.succeeded);
  }

  /** Why the store refuses. */
  async refused(request: Txn): Promise<RejectReason> {
    const reply = await this.store.commit(request);
    if (reply.kind !== "rejected") throw new Error(`expected a refusal, got ${reply.kind}`);
    return reply.reason;
  }

  async keys(prefix: string): Promise<string[]> {
    const reply = await this.store.range(under(prefix));
    if (reply.kind !== "read") throw new Error(reply.message);
    return reply.range.kvs.map((kv) => kv.key);
  }

  async read(range: RangeOp): Promise<{ texts: string[]; count: number; revision: bigint }> {
    const reply = await this.store.range(range);
    if (reply.kind !== "read") throw new Error(reply.message);
    const { kvs, count } = reply.range;
    const texts = kvs.map((kv) => `${kv.key}=${utf8Text(kv.value)}`);
    return { texts, count, revision: reply.revision };
  }

  async grant(ttlS: number): Promise<LeaseId> {
    const reply = await this.store.grantLease(ttlS);
    if (reply.kind !== "granted") throw new Error(reply.message);
    return reply.lease;
  }

  async leaseKeys(lease: LeaseId): Promise<{ remainingS: number; keys: readonly string[] }> {
    const reply = await this.store.leaseKeys(lease);
    if (reply.kind !== "lease") throw new Error(reply.message);
    return reply;
  }

  /** Watches, and writes down what it is told, one line a revision. */
  watch(request: WatchRequest): { told: string[]; cancel: () => void } {
    const told: string[] = [];
    const { cancel } = this.store.watch(request, {
      onEvents: (revision, events) => {
        const parts = events.map(({ kind, kv }) => `${kind === "put" ? "+" : "-"}${kv.key}`);
        told.push(`${revision}: ${parts.join(" ")}`);
      },
      onEnd: (reason) => told.push(reason),
    });
    return { told, cancel };
  }

  /** The same with what each key was before. */
  watchPrevious(request: WatchRequest): { told: string[] } {
    const told: string[] = [];
    this.store.watch(
      { ...request, withPrevious: true },
      {
        onEvents: (revision, events) => {
          const parts = events.map(({ kind, kv, previous }) => {
            const what = `${kind === "put" ? "+" : "-"}${kv.key}`;
            if (previous === undefined) return what;
            const leased = previous.lease === 0n ? "" : " leased";
            const { value, modRevision } = previous;
            return `${what} was ${utf8Text(value)} of ${modRevision}${leased}`;
          });
          told.push(`${revision}: ${parts.join(" ")}`);
        },
        onEnd: (reason) => told.push(reason),
      },
    );
    return { told };
  }
}

/** Waits until `condition` holds; false after `timeoutMs`. */
export async function eventually(condition: () => boolean, timeoutMs = 5_000): Promise<boolean> {
  const untilMs = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > untilMs) return false;
    await sleep(5);
  }
  return true;
}
