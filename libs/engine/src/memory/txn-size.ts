import { invariant } from "@holdfast/base/invariant";
import type { Compare, Op, Txn } from "@holdfast/core/txn/txn";

/** Bytes etcd adds when it hands a transaction to Raft: a header with a request id, and tags. */
const raftEnvelopeBytes = 18;

/** Bytes of `txn` as etcd measures it against its request limit (its protobuf encoding). */
export function requestBytes(txn: Txn): number {
  return txnBytes(txn) + raftEnvelopeBytes;
}

function txnBytes(txn: Txn): number {
  let total = 0;
  for (const compare of txn.compares) total += message(compareBytes(compare));
  for (const op of txn.success) total += message(opBytes(op));
  for (const op of txn.failure) total += message(opBytes(op));
  return total;
}

function compareBytes(compare: Compare): number {
  const head = (compare.op === "=" ? 0 : 2) + 2 + bytes(compare.key.length);
  if (compare.target === "value") return head + message(compare.value.length);
  // The tag of the range's end takes two bytes.
  const rangeEnd = compare.rangeEnd === undefined ? 0 : 1 + message(compare.rangeEnd.length);
  return head + 1 + varintBytes(compare.revision) + rangeEnd;
}

function opBytes(op: Op): number {
  switch (op.kind) {
    case "put": {
      const lease = op.lease === 0n ? 0 : 1 + varintBytes(op.lease);
      return message(bytes(op.key.length) + bytes(op.value.length) + lease);
    }
    case "delete":
      return message(bytes(op.key.length) + bytes(op.rangeEnd?.length ?? 0));
    case "range": {
      const flags = (op.keysOnly ? 2 : 0) + (op.countOnly ? 2 : 0);
      const order = op.order === "create" ? 4 : 0;
      const limit = op.limit ? 1 + varintBytes(BigInt(op.limit)) : 0;
      const span = bytes(op.key.length) + bytes(op.rangeEnd?.length ?? 0);
      return message(span + limit + order + flags);
    }
    case "txn":
      return message(txnBytes(op.txn));
  }
}

/** A tag of one byte, a length, and the content, even where it is empty. */
function message(contentBytes: number): number {
  let lengthBytes = 1;
  for (let rest = contentBytes >> 7; rest > 0; rest >>= 7) lengthBytes += 1;
  return 1 + lengthBytes + contentBytes;
}

/** Like {@link message}, but nothing where the content is empty. */
function bytes(contentBytes: number): number {
  return contentBytes === 0 ? 0 : message(contentBytes);
}

function varintBytes(value: bigint): number {
  invariant(value >= 0n, "revisions, limits and lease ids are not negative");
  let length = 1;
  for (let rest = value >> 7n; rest > 0n; rest >>= 7n) length += 1;
  return length;
}
