import { absent, type Op, rangeEmpty, type Txn, type TxnResult } from "../txn/txn.ts";
import type { AcquireReading } from "./acquire-reading.ts";
import {
  type EnqueuePlan,
  mayWrite,
  ownKeysCount,
  read,
  readOwn,
  readOwnKeys,
  takePlace,
} from "./enqueue.ts";
import { type Footprint, noConflict, readHolders } from "./hierarchy.ts";
import { encodeRecord } from "./record.ts";

/** Everything an acquire's one transaction is built from. */
export interface AcquirePlan extends EnqueuePlan {
  readonly footprint: Footprint;
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
  const target = record.mode === "exclusive" ? keys.exclusive : keys.shared;
  return {
    compares: [
      ...mayWrite(plan),
      // A copy of a shared request must find its own grant: putting it again would give out a token
      // that is not the key's, and move the key to another lease. An exclusive range covers it.
      ...(record.mode === "shared" ? [absent(target.prefix + grantId)] : []),
      ...noConflict(plan.footprint, record.mode),
      rangeEmpty(keys.queue.prefix, keys.queue.end),
    ],
    success: [
      {
        kind: "put",
        key: target.prefix + grantId,
        value: encodeRecord(record),
        lease: marker.lease,
      },
    ],
    failure: plan.detail ? whenNotFree(plan) : [],
  };
}

function whenNotFree(plan: AcquirePlan): Op[] {
  const { keys } = plan;
  const queueEnd = { kind: "range", key: keys.queue.prefix, rangeEnd: keys.queue.end } as const;
  return [
    // First, so that the count after it includes the place just taken.
    ...(plan.wait ? [{ kind: "txn", txn: takePlace(plan) } as const] : []),
    ...readOwnKeys(plan),
    ...(plan.countQueue ? [{ ...queueEnd, countOnly: true }] : []),
    ...readHolders(plan.footprint, holdersShownMax),
  ];
}

/** Reads the answer of {@link acquireTxn}; `revision` is the transaction's. */
export function readAcquire(
  plan: AcquirePlan,
  result: TxnResult,
  revision: bigint,
): AcquireReading {
  if (result.succeeded) return { kind: "granted", revision };
  if (!plan.detail) return { kind: "not-free" };
  const results = [...result.results];
  const taken = plan.wait ? results.shift() : undefined;
  const own = results.splice(0, ownKeysCount);
  const queue = plan.countQueue ? read(results.shift()) : undefined;
  const holders = results.flatMap((range) => read(range).kvs).slice(0, holdersShownMax);
  const count = queue === undefined ? {} : { queueLength: queue.count };
  const justTaken = taken?.kind === "txn" && taken.result.succeeded;
  if (justTaken) return { kind: "busy", place: {}, holders, ...count, revision };
  const reading = readOwn(plan, own);
  if (reading !== undefined && reading.kind !== "in-line") return reading;
  // What stood against it at the compare was gone at the read: an epoch raised by the same batch.
  if (reading === undefined && plan.wait) return { kind: "not-free" };
  const place = reading === undefined ? {} : { place: { kv: reading.kv } };
  return { kind: "busy", ...place, holders, ...count, revision };
}
