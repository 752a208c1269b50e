import type { GrantId } from "@holdfast/base/ids";
import { invariant } from "@holdfast/base/invariant";
import { type Marker, markerLives } from "../lease/marker.ts";
import {
  absent,
  type Compare,
  type KeyValue,
  type OpResult,
  type RangeOp,
  type RangeResult,
  rangeEmpty,
  type Txn,
  type TxnResult,
} from "../txn/txn.ts";
import type { AcquireReading } from "./acquire-reading.ts";
import { decodeEpoch, epochIs } from "./epoch.ts";
import { epochKey, type LockKeys, tombstonesOf } from "./keys.ts";
import { encodeRecord, type LockRecord } from "./record.ts";

/** What standing in line needs. */
export interface EnqueuePlan {
  readonly keys: LockKeys;
  readonly grantId: GrantId;
  readonly marker: Marker;
  readonly record: LockRecord;
}

/** The shard is at our epoch, the lease lives, the request was not given up. */
export function mayWrite(plan: EnqueuePlan): Compare[] {
  const tombstones = tombstonesOf(plan.keys, plan.grantId);
  return [
    epochIs(plan.record.epoch),
    markerLives(plan.marker),
    rangeEmpty(tombstones.prefix, tombstones.end),
  ];
}

/**
 * Takes a place in line unless the request has one, or the lock. A repeat must leave its own key
 * alone: putting it again would change the lease it hangs on.
 */
export function takePlace(plan: EnqueuePlan): Txn {
  const { keys, grantId, marker, record } = plan;
  const place = keys.queue.prefix + grantId;
  return {
    compares: [
      ...mayWrite(plan),
      absent(keys.exclusive.prefix + grantId),
      absent(keys.shared.prefix + grantId),
      absent(place),
    ],
    success: [{ kind: "put", key: place, value: encodeRecord(record), lease: marker.lease }],
    failure: [],
  };
}

/**
 * Joins the queue of a lock that is known to be busy. It never takes the lock, so any number of
 * these may share a batch; should the lock be free by now, the head is promoted a moment later.
 */
export function enqueueTxn(plan: EnqueuePlan): Txn {
  return { ...takePlace(plan), failure: readOwnKeys(plan) };
}

/** Reads the answer of {@link enqueueTxn}; `revision` is the transaction's. */
export function readEnqueue(
  plan: EnqueuePlan,
  result: TxnResult,
  revision: bigint,
): AcquireReading {
  if (result.succeeded) return { kind: "busy", place: {}, holders: [], revision };
  const own = readOwn(plan, result.results);
  // What stood against it at the compare was gone at the read: an epoch raised by the same batch.
  if (own === undefined) return { kind: "not-free" };
  if (own.kind !== "in-line") return own;
  return { kind: "busy", place: { kv: own.kv }, holders: [], revision };
}

/** Everything of a request that a lost compare may be about. */
export function readOwnKeys({ keys, grantId, marker }: EnqueuePlan): RangeOp[] {
  const tombstones = tombstonesOf(keys, grantId);
  return [
    point(epochKey),
    point(keys.exclusive.prefix + grantId),
    point(keys.shared.prefix + grantId),
    point(keys.queue.prefix + grantId),
    { kind: "range", key: tombstones.prefix, rangeEnd: tombstones.end, limit: 1, keysOnly: true },
    point(marker.key),
  ];
}

/** How many answers {@link readOwnKeys} takes. */
export const ownKeysCount = 6;

/** What the request's own keys say; `nowhere`: nothing stands against it. */
export type OwnReading =
  | Extract<AcquireReading, { kind: "epoch" | "own-grant" | "given-up" | "lease-ended" }>
  | { readonly kind: "in-line"; readonly kv: KeyValue };

/** Reads the answers of {@link readOwnKeys}; undefined where nothing stands against the request. */
export function readOwn(plan: EnqueuePlan, results: readonly OpResult[]): OwnReading | undefined {
  const [epoch, exclusive, shared, place, tombstone, marker] = results.map(read);
  invariant(epoch && exclusive && shared && place && tombstone && marker, "six reads");
  const shardEpoch = decodeEpoch(epoch);
  if (shardEpoch !== plan.record.epoch) return { kind: "epoch", shardEpoch };
  const own = exclusive.kvs[0] ?? shared.kvs[0];
  if (own !== undefined) return { kind: "own-grant", kv: own };
  if (tombstone.count > 0) return { kind: "given-up" };
  if (!sameValue(marker.kvs[0], plan.marker)) return { kind: "lease-ended" };
  const kv = place.kvs[0];
  return kv === undefined ? undefined : { kind: "in-line", kv };
}

/** A result that must be a read. */
export function read(result: OpResult | undefined): RangeResult {
  invariant(result?.kind === "range", "a read answers with a range");
  return result;
}

function point(key: string): RangeOp {
  return { kind: "range", key };
}

function sameValue(kv: KeyValue | undefined, marker: Marker): boolean {
  return kv !== undefined && Buffer.compare(kv.value, marker.value) === 0;
}
