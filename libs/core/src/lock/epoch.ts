import { utf8, utf8Text } from "@holdfast/base/bytes";
import { absent, type Compare, type RangeResult, type Txn, valueIs } from "../txn/txn.ts";
import { epochKey } from "./keys.ts";

const encoded = new Map<number, Uint8Array>();
/** One object an epoch, so that a batch sees that its members compare the same (txn/join.ts). */
const compares = new Map<number, Compare>();

/** The stored form of an epoch: decimal text, so that an operator can read it. */
export function encodeEpoch(epoch: number): Uint8Array {
  let bytes = encoded.get(epoch);
  if (bytes === undefined) {
    bytes = utf8(String(epoch));
    encoded.set(epoch, bytes);
  }
  return bytes;
}

/** The epoch a shard has acknowledged; 0 where it has acknowledged none. */
export function decodeEpoch(range: RangeResult): number {
  const kv = range.kvs[0];
  return kv === undefined ? 0 : Number(utf8Text(kv.value));
}

/**
 * Holds while the shard has acknowledged exactly this placement. Every write compares it: without
 * the line a router with an old placement writes into a slot that lives elsewhere by now.
 */
export function epochIs(epoch: number): Compare {
  let compare = compares.get(epoch);
  if (compare === undefined) {
    compare = valueIs(epochKey, encodeEpoch(epoch));
    compares.set(epoch, compare);
  }
  return compare;
}

/** Raises a shard's epoch from exactly `from` (0: it has none); a lost compare reads what it is. */
export function raiseEpoch(from: number, to: number): Txn {
  return {
    compares: [from === 0 ? absent(epochKey) : epochIs(from)],
    success: [{ kind: "put", key: epochKey, value: encodeEpoch(to), lease: 0n }],
    failure: [{ kind: "range", key: epochKey }],
  };
}
