import type { RequestId } from "@holdfast/base/ids";
import { encodeRecord } from "@holdfast/core/lock/record";
import type { KeyValue } from "@holdfast/core/txn/txn";

/** What a shard keeps under `key` of an exclusive holder or waiter, written once, at `revision`. */
export function storedRecord(key: string, revision: bigint): KeyValue {
  const value = encodeRecord({
    owner: "",
    ttlMs: 2_000,
    mode: "exclusive",
    requestId: "r" as RequestId,
    metadata: {},
    epoch: 1,
    atMs: 0,
  });
  return { key, value, createRevision: revision, modRevision: revision, lease: 1n };
}
