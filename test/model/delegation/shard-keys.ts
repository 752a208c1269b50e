import { compareBytes } from "@holdfast/base/bytes";
import type {
  Compare,
  CompareOp,
  KeyValue,
  Op,
  OpResult,
  RangeOp,
  Txn,
  TxnResult,
} from "@holdfast/core/txn/txn";

/** What a shard keeps, by key and in the order of the keys; never changed in place. */
export type Keys = ReadonlyMap<string, KeyValue>;

/** What a transaction left, and what it answered. */
export interface Carried {
  readonly keys: Keys;
  readonly result: TxnResult;
}

/**
 * Carries a transaction out as etcd does: compares see what stood before all of it. `revision`:
 * what keys that are written get.
 */
export function carryOut(keys: Keys, txn: Txn, revision: bigint): Carried {
  const draft = new Map(keys);
  const result = run(keys, draft, txn, revision);
  const sorted = [...draft].sort(([left], [right]) => (left < right ? -1 : 1));
  return { keys: new Map(sorted), result };
}

/** All keys that hang on a lease go with it. */
export function withoutLease(keys: Keys, lease: bigint): Keys {
  return new Map([...keys].filter(([, kv]) => kv.lease !== lease));
}

function run(before: Keys, draft: Map<string, KeyValue>, txn: Txn, revision: bigint): TxnResult {
  const succeeded = txn.compares.every((compare) => holds(before, compare));
  const ops = succeeded ? txn.success : txn.failure;
  return { succeeded, results: ops.map((op) => perform(before, draft, op, revision)) };
}

function perform(before: Keys, draft: Map<string, KeyValue>, op: Op, revision: bigint): OpResult {
  switch (op.kind) {
    case "put": {
      const { key, value, lease } = op;
      const createRevision = draft.get(key)?.createRevision ?? revision;
      draft.set(key, { key, value, lease, createRevision, modRevision: revision });
      return { kind: "put" };
    }
    case "delete": {
      const found = within(draft, op.key, op.rangeEnd);
      for (const { key } of found) draft.delete(key);
      return { kind: "delete", deleted: found.length };
    }
    case "range":
      return range(draft, op);
    case "txn":
      return { kind: "txn", result: run(before, draft, op.txn, revision) };
  }
}

function range(keys: Keys, { key, rangeEnd, limit = 0 }: RangeOp): OpResult {
  const found = within(keys, key, rangeEnd);
  return { kind: "range", kvs: limit === 0 ? found : found.slice(0, limit), count: found.length };
}

function within(keys: Keys, key: string, rangeEnd: string | undefined): KeyValue[] {
  if (rangeEnd === undefined) {
    const one = keys.get(key);
    return one === undefined ? [] : [one];
  }
  return [...keys.values()]
    .filter((each) => each.key >= key && each.key < rangeEnd)
    .sort((left, right) => (left.key < right.key ? -1 : 1));
}

function holds(keys: Keys, compare: Compare): boolean {
  if (compare.target === "value") {
    const stored = keys.get(compare.key);
    return stored !== undefined && fits(compareBytes(stored.value, compare.value), compare.op);
  }
  const { key, rangeEnd, op, revision, target } = compare;
  const found = within(keys, key, rangeEnd);
  const revisions = found.map((kv) => (target === "create" ? kv.createRevision : kv.modRevision));
  // A key that was never written has 0, and so has a range without a key.
  if (revisions.length === 0) revisions.push(0n);
  return revisions.every((each) => fits(Number(each - revision), op));
}

function fits(difference: number, op: CompareOp): boolean {
  switch (op) {
    case "=":
      return difference === 0;
    case "!=":
      return difference !== 0;
    case "<":
      return difference < 0;
    case ">":
      return difference > 0;
  }
}
