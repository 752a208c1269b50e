import type { Op, Txn } from "./txn.ts";

/** What one transaction costs a batch. */
export interface TxnSize {
  /**
   * The longest list on its deepest path. etcd takes from its operation limit, at each level, the
   * longest of compares, success and failure (checkTxnRequest in etcdserver/api/v3rpc/key.go).
   */
  readonly width: number;
  /** About how many bytes it takes in a request, rounded up. */
  readonly bytes: number;
}

/** Tags, lengths and numbers around a key, a value and an operation. */
const overheadBytes = 24;

/** Measures a transaction. */
export function sizeOf(txn: Txn): TxnSize {
  let bytes = overheadBytes;
  let deepest = 0;
  for (const compare of txn.compares) {
    bytes += compare.key.length + overheadBytes;
    if (compare.target === "value") bytes += compare.value.length;
    else bytes += compare.rangeEnd?.length ?? 0;
  }
  const add = (op: Op) => {
    if (op.kind === "txn") {
      const inner = sizeOf(op.txn);
      bytes += inner.bytes + overheadBytes;
      deepest = Math.max(deepest, inner.width);
    } else {
      bytes += op.key.length + overheadBytes;
      if (op.kind === "put") bytes += op.value.length;
      else bytes += op.rangeEnd?.length ?? 0;
    }
  };
  txn.success.forEach(add);
  txn.failure.forEach(add);
  const width = Math.max(txn.compares.length, txn.success.length, txn.failure.length) + deepest;
  return { width, bytes };
}
