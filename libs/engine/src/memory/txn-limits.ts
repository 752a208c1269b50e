import type { Compare, Op, Txn } from "@holdfast/core/txn/txn";
import type { RejectReason } from "../ports/shard-store.ts";

/** What an etcd server accepts; the defaults are its own. */
export interface TxnLimits {
  /**
   * The longest list (compares, success or failure) of a transaction, plus the longest of any
   * transaction nested in it, and so on down.
   */
  readonly opsMax: number;
  /** Encoded size of a transaction that writes. */
  readonly requestBytesMax: number;
}

/** The limits of an etcd server started without flags. */
export const defaultTxnLimits: TxnLimits = { opsMax: 128, requestBytesMax: 1.5 * 1024 * 1024 };

/** Whether etcd refuses the shape of `txn` before it looks at the store. */
export function refusalOfShape(txn: Txn, opsMax: number): RejectReason | undefined {
  const own = Math.max(txn.compares.length, txn.success.length, txn.failure.length);
  if (own > opsMax) return "too-many-operations";
  if (txn.compares.some((compare: Compare) => compare.key === "")) return "invalid";
  return refusalOfBranch(txn.success, opsMax - own) ?? refusalOfBranch(txn.failure, opsMax - own);
}

function refusalOfBranch(ops: readonly Op[], opsLeft: number): RejectReason | undefined {
  for (const op of ops) {
    if (op.kind === "txn") {
      const refusal = refusalOfShape(op.txn, opsLeft);
      if (refusal !== undefined) return refusal;
    } else if (op.key === "") {
      return "invalid";
    }
  }
  return undefined;
}

/** Whether one branch of `txn` may write one key twice, as etcd judges it. */
export function writesKeyTwice(txn: Txn): boolean {
  return footprint(txn.success) === undefined || footprint(txn.failure) === undefined;
}

/** What a branch may put and delete, in whichever of its nested branches. */
interface Footprint {
  readonly puts: Set<string>;
  readonly deletedKeys: Set<string>;
  readonly deletedRanges: { readonly key: string; readonly rangeEnd: string }[];
}

/**
 * What etcd's `checkIntervals` computes; undefined where it refuses. Its rules are uneven and kept
 * so: a put after a nested delete of the same key is refused, a nested delete after a put is not,
 * and two puts are refused even in branches that exclude each other, unless they are the two
 * branches of one nested transaction.
 */
function footprint(ops: readonly Op[]): Footprint | undefined {
  const own: Footprint = { puts: new Set(), deletedKeys: new Set(), deletedRanges: [] };
  for (const op of ops) {
    if (op.kind !== "delete") continue;
    if (op.rangeEnd === undefined) own.deletedKeys.add(op.key);
    else own.deletedRanges.push({ key: op.key, rangeEnd: op.rangeEnd });
  }
  for (const op of ops) {
    if (op.kind === "txn" && !mergeNested(own, op.txn)) return undefined;
  }
  for (const op of ops) {
    if (op.kind !== "put") continue;
    if (own.puts.has(op.key) || deletes(own, op.key)) return undefined;
    own.puts.add(op.key);
  }
  return own;
}

/** Adds a nested transaction to its parent's footprint; false where etcd refuses. */
function mergeNested(parent: Footprint, txn: Txn): boolean {
  const success = footprint(txn.success);
  const failure = footprint(txn.failure);
  if (success === undefined || failure === undefined) return false;
  for (const key of success.puts) {
    if (parent.puts.has(key) || deletes(parent, key)) return false;
  }
  for (const key of failure.puts) {
    if ((parent.puts.has(key) && !success.puts.has(key)) || deletes(parent, key)) return false;
  }
  for (const branch of [success, failure]) {
    for (const key of branch.puts) parent.puts.add(key);
    for (const key of branch.deletedKeys) parent.deletedKeys.add(key);
    for (const range of branch.deletedRanges) parent.deletedRanges.push(range);
  }
  return true;
}

function deletes(footprint: Footprint, key: string): boolean {
  return (
    footprint.deletedKeys.has(key) ||
    footprint.deletedRanges.some((range) => range.key <= key && key < range.rangeEnd)
  );
}

/** Whether `txn` could put anything, in whichever branch: such a one needs space. */
export function mayPut(txn: Txn): boolean {
  return branchMayPut(txn.success) || branchMayPut(txn.failure);
}

function branchMayPut(ops: readonly Op[]): boolean {
  return ops.some((op) => op.kind === "put" || (op.kind === "txn" && mayPut(op.txn)));
}

/** Whether etcd runs `txn` as a read: then the limit of a write's size does not apply. */
export function readsOnly(txn: Txn): boolean {
  return (
    txn.success.every((op) => op.kind === "range") && txn.failure.every((op) => op.kind === "range")
  );
}
