import type { GrantId } from "@holdfast/base/ids";
import { invariant } from "@holdfast/base/invariant";
import type { Marker } from "../lease/marker.ts";
import { absent, type KeyValue, type Op, type Txn, type TxnResult, writtenAt } from "../txn/txn.ts";
import { read } from "./enqueue.ts";
import { decodeEpoch, epochIs } from "./epoch.ts";
import { epochKey, type LockKeys } from "./keys.ts";
import { tombstoneTxn } from "./release.ts";

/** Everything a router needs to give up, on its own account, a request it carries. */
export interface WithdrawPlan {
  readonly keys: LockKeys;
  readonly grantId: GrantId;
  readonly epoch: number;
  /** Absent where the request's lease has ended: nothing can be granted under it any more. */
  readonly tombstone?: Marker;
  /** A grant that may be deleted too, if nobody has written it since it was read or made. */
  readonly unclaimed?: { readonly key: string; readonly modRevision: bigint };
}

/**
 * Takes a request's *place* away, and refuses copies of it; a grant only if it is `unclaimed`.
 *
 * A router whose wait ran out, or whose caller is gone, does not know whether another router has
 * answered "granted" to a copy of the request. A grant belongs to the client from the moment it was
 * answered, and deleting it would make a second holder beside one that believes.
 */
export function withdrawTxn(plan: WithdrawPlan): Txn {
  const { keys, grantId, unclaimed } = plan;
  const exclusive = keys.exclusive.prefix + grantId;
  const shared = keys.shared.prefix + grantId;
  const success: Op[] = [
    unclaimed === undefined
      ? { kind: "delete", key: keys.queue.prefix + grantId }
      : { kind: "delete", key: unclaimed.key },
  ];
  if (plan.tombstone !== undefined) {
    success.push({ kind: "txn", txn: tombstoneTxn(keys, grantId, plan.tombstone, plan.epoch) });
  }
  return {
    compares: [
      epochIs(plan.epoch),
      ...(unclaimed === undefined
        ? [absent(exclusive), absent(shared)]
        : [writtenAt(unclaimed.key, unclaimed.modRevision)]),
    ],
    success,
    failure: [epochKey, exclusive, shared].map((key) => ({ kind: "range", key })),
  };
}

/** `refused` false: the tombstone's lease had ended, so copies of the request are not refused. */
export type WithdrawReading =
  | { readonly kind: "withdrawn"; readonly refused: boolean }
  | { readonly kind: "epoch"; readonly shardEpoch: number }
  /** The request has the lock. */
  | { readonly kind: "holds"; readonly kv: KeyValue }
  /** An unclaimed grant was claimed, or ended, since it was read: look again. */
  | { readonly kind: "changed" };

/** Reads the answer of {@link withdrawTxn}. */
export function readWithdraw(plan: WithdrawPlan, result: TxnResult): WithdrawReading {
  if (result.succeeded) {
    const tombstone = result.results[1];
    if (tombstone === undefined) return { kind: "withdrawn", refused: true };
    invariant(tombstone.kind === "txn", "the tombstone comes second");
    return { kind: "withdrawn", refused: tombstone.result.succeeded };
  }
  const [epoch, exclusive, shared] = result.results.map(read);
  invariant(epoch && exclusive && shared, "three reads");
  const shardEpoch = decodeEpoch(epoch);
  if (shardEpoch !== plan.epoch) return { kind: "epoch", shardEpoch };
  const kv = exclusive.kvs[0] ?? shared.kvs[0];
  return kv === undefined ? { kind: "changed" } : { kind: "holds", kv };
}
