import { invariant } from "@holdfast/base/invariant";
import type { Compare, Op, RangeOp, Txn } from "@holdfast/core/txn/txn";
import { BackwardWriter } from "./backward-writer.ts";
import { enums, tags } from "./tags.ts";

/** One for all: encoding never awaits. */
const writer = new BackwardWriter();

/** Encodes a TxnRequest. */
export function encodeTxn(txn: Txn): Buffer {
  writer.start();
  writeTxn(txn);
  return writer.finish();
}

/** Encodes a RangeRequest, which is linearizable; of a past `revision` where one is given. */
export function encodeRange(range: RangeOp, revision?: bigint): Buffer {
  writer.start();
  writeRange(range, revision);
  return writer.finish();
}

// Everything below writes backwards, so each list and each message begins with its last part.

function writeTxn(txn: Txn): void {
  const tag = tags.txnRequest;
  writeOps(tag.failure, txn.failure);
  writeOps(tag.success, txn.success);
  for (let index = txn.compares.length - 1; index >= 0; index--) {
    const start = writer.written;
    writeCompare(txn.compares[index] as Compare);
    writer.nested(tag.compare, start);
  }
}

function writeCompare(compare: Compare): void {
  const tag = tags.compare;
  if (compare.target === "value") {
    writer.bytes(tag.value, compare.value);
  } else {
    writeRangeEnd(tag.rangeEnd, compare);
    const target = compare.target === "create" ? tag.createRevision : tag.modRevision;
    writer.int64(target, compare.revision);
  }
  writer.text(tag.key, compare.key);
  writer.small(tag.target, enums.compareTarget[compare.target]);
  if (compare.op !== "=") writer.small(tag.result, enums.compareResult[compare.op]);
}

function writeOps(tag: number, ops: readonly Op[]): void {
  for (let index = ops.length - 1; index >= 0; index--) {
    const start = writer.written;
    writeOp(ops[index] as Op);
    writer.nested(tag, start);
  }
}

function writeOp(op: Op): void {
  const start = writer.written;
  switch (op.kind) {
    case "put":
      if (op.lease !== 0n) writer.int64(tags.putRequest.lease, op.lease);
      if (op.value.length > 0) writer.bytes(tags.putRequest.value, op.value);
      writer.text(tags.putRequest.key, op.key);
      break;
    case "delete":
      writeRangeEnd(tags.deleteRequest.rangeEnd, op);
      writer.text(tags.deleteRequest.key, op.key);
      break;
    case "range":
      writeRange(op);
      break;
    case "txn":
      writeTxn(op.txn);
      break;
  }
  writer.nested(tags.requestOp[op.kind], start);
}

function writeRange(range: RangeOp, revision?: bigint): void {
  const tag = tags.rangeRequest;
  if (range.countOnly) writer.small(tag.countOnly, 1);
  if (range.keysOnly) writer.small(tag.keysOnly, 1);
  if (range.order === "create") {
    writer.small(tag.sortTarget, enums.sortByCreate);
    writer.small(tag.sortOrder, enums.sortAscending);
  }
  if (revision !== undefined) writer.int64(tag.revision, revision);
  if (range.limit) writer.small(tag.limit, range.limit);
  writeRangeEnd(tag.rangeEnd, range);
  writer.text(tag.key, range.key);
}

function writeRangeEnd(tag: number, span: { readonly key: string; readonly rangeEnd?: string }) {
  if (span.rangeEnd === undefined) return;
  // etcd gives an end that does not sort after its key meanings of its own.
  invariant(span.key < span.rangeEnd, "a range ends after its first key");
  writer.text(tag, span.rangeEnd);
}
