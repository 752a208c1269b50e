import type { GrantId } from "@holdfast/base/ids";
import { invariant } from "@holdfast/base/invariant";
import { type Marker, markerLives } from "../lease/marker.ts";
import {
  absent,
  type Compare,
  type KeyValue,
  type Op,
  type RangeOp,
  type RangeResult,
  rangeEmpty,
  type Txn,
  type TxnResult,
} from "../txn/txn.ts";
import { decodeEpoch, epochIs } from "./epoch.ts";
import { type Footprint, noConflict, readHolders } from "./hierarchy.ts";
import { epochKey, type LockKeys } from "./keys.ts";
import { encodeRecord, type LockRecord } from "./record.ts";

/** Everything an acquire's one transaction is built from. */
export interface AcquirePlan {
  readonly keys: LockKeys;
  readonly footprint: Footprint;
  readonly grantId: GrantId;
  readonly marker: Marker;
  readonly record: LockRecord;
  /** Stand in line in the same transaction if the lock is not free. */
  readonly wait: boolean;
  /**
   * Read who is in the way. The lean form reads nothing and does not queue: it is smaller, and the
   * usual case is a free lock. A lean acquire that lost is asked again in full.
   */
  readonly detail: boolean;
  /** Count the queue; left out where the caller knows its length, for a count walks it. */
  readonly countQueue: boolean;
}

/** How many holders a refusal names. */
export const holdersShownMax = 10;

/**
 * One transaction decides: the shard is at our epoch, the lease lives, the request was not given
 * up, nobody holds what excludes us and nobody stands in line before us.
 */
export function acquireTxn(plan: AcquirePlan): Txn {
  const { keys, grantId, marker, record } = plan;
  const mayWrite = [
    epochIs(record.epoch),
    markerLives(marker),
    absent(keys.tombstones.prefix + grantId),
  ];
  const target = record.mode === "exclusive" ? keys.exclusive : keys.shared;
  const value = encodeRecord(record);
  return {
    compares: [
      ...mayWrite,
      ...noConflict(plan.footprint, record.mode),
      rangeEmpty(keys.queue.prefix, keys.queue.end),
    ],
    success: [{ kind: "put", key: target.prefix + grantId, value, lease: marker.lease }],
    failure: plan.detail ? whenNotFree(plan, mayWrite, value) : [],
  };
}

function whenNotFree(plan: AcquirePlan, mayWrite: readonly Compare[], value: Uint8Array): Op[] {
  const { keys, grantId, marker } = plan;
  const exclusive = keys.exclusive.prefix + grantId;
  const shared = keys.shared.prefix + grantId;
  const place = keys.queue.prefix + grantId;
  // A repeat must find its own key and leave it alone: putting it again would renew its lease.
  const enqueue: Txn = {
    compares: [...mayWrite, absent(exclusive), absent(shared), absent(place)],
    success: plan.wait ? [{ kind: "put", key: place, value, lease: marker.lease }] : [],
    failure: [],
  };
  return [
    { kind: "txn", txn: enqueue },
    point(epochKey),
    point(exclusive),
    point(shared),
    point(place),
    { ...point(keys.tombstones.prefix + grantId), keysOnly: true },
    point(marker.key),
    plan.countQueue
      ? { kind: "range", key: keys.queue.prefix, rangeEnd: keys.queue.end, countOnly: true }
      : point(place),
    ...readHolders(plan.footprint, holdersShownMax),
  ];
}

function point(key: string): RangeOp {
  return { kind: "range", key };
}

/** What the transaction says about the request. */
export type AcquireReading =
  | { readonly kind: "granted" }
  /** The lean form lost; ask again in full. */
  | { readonly kind: "not-free" }
  /** The shard has acknowledged another placement (0: none): nothing was written. */
  | { readonly kind: "epoch"; readonly shardEpoch: number }
  /** The lease of the request has ended: nothing was written. */
  | { readonly kind: "lease-ended" }
  /** The request was given up earlier. */
  | { readonly kind: "given-up" }
  /** A repeat: this request has the lock already. */
  | { readonly kind: "own-grant"; readonly kv: KeyValue }
  | Busy;

/** Others are in the way. */
export interface Busy {
  readonly kind: "busy";
  /** Own place in line: found (a repeat) or just taken; absent if the caller does not wait. */
  readonly place?: { readonly kv?: KeyValue };
  readonly holders: readonly KeyValue[];
  /** Absent where it was not counted. Includes the own place. */
  readonly queueLength?: number;
}

/** Reads the answer of {@link acquireTxn}. */
export function readAcquire(plan: AcquirePlan, result: TxnResult): AcquireReading {
  if (result.succeeded) return { kind: "granted" };
  if (!plan.detail) return { kind: "not-free" };
  const [enqueued, epoch, exclusive, shared, place, tombstone, marker, queue, ...holders] =
    result.results;
  invariant(enqueued?.kind === "txn", "the acquire answers its enqueue first");
  const shardEpoch = decodeEpoch(read(epoch));
  if (shardEpoch !== plan.record.epoch) return { kind: "epoch", shardEpoch };
  const own = read(exclusive).kvs[0] ?? read(shared).kvs[0];
  if (own !== undefined) return { kind: "own-grant", kv: own };
  if (read(tombstone).count > 0) return { kind: "given-up" };
  if (!sameValue(read(marker).kvs[0], plan.marker)) return { kind: "lease-ended" };
  const found = read(place).kvs[0];
  const inLine = found !== undefined || (plan.wait && enqueued.result.succeeded);
  return {
    kind: "busy",
    holders: holders.flatMap((range) => read(range).kvs).slice(0, holdersShownMax),
    ...(inLine ? { place: found === undefined ? {} : { kv: found } } : {}),
    ...(plan.countQueue ? { queueLength: read(queue).count } : {}),
  };
}

function read(result: TxnResult["results"][number] | undefined): RangeResult {
  invariant(result?.kind === "range", "a read answers with a range");
  return result;
}

function sameValue(kv: KeyValue | undefined, marker: Marker): boolean {
  return kv !== undefined && Buffer.compare(kv.value, marker.value) === 0;
}
