import type { GrantId } from "@holdfast/base/ids";
import { invariant } from "@holdfast/base/invariant";
import type { Marker } from "../lease/marker.ts";
import type { Op, Txn, TxnResult } from "../txn/txn.ts";
import { decodeEpoch, epochIs } from "./epoch.ts";
import { epochKey, type LockKeys } from "./keys.ts";
import { tombstoneTxn } from "./release.ts";

/** Everything a cancel's one transaction is built from. */
export interface CancelPlan {
  readonly keys: LockKeys;
  readonly grantId: GrantId;
  readonly epoch: number;
  /** Absent where the request's lease has ended: nothing can be granted under it any more. */
  readonly tombstone?: Marker;
}

/**
 * Takes a request out of the queue and out of the lock, whichever it is in. It needs no token: the
 * grant id is the request's own, and nobody else can ever have it.
 */
export function cancelTxn(plan: CancelPlan): Txn {
  const { keys, grantId, epoch } = plan;
  const success: Op[] = [keys.exclusive, keys.shared, keys.queue].map((range) => ({
    kind: "delete",
    key: range.prefix + grantId,
  }));
  if (plan.tombstone !== undefined) {
    success.push({ kind: "txn", txn: tombstoneTxn(keys, grantId, plan.tombstone, epoch) });
  }
  return { compares: [epochIs(epoch)], success, failure: [{ kind: "range", key: epochKey }] };
}

/** What there was to take away, and whether the request is refused from now on. */
export type CancelReading =
  | {
      readonly kind: "cancelled";
      readonly held: boolean;
      readonly queued: boolean;
      /** False: the tombstone's lease had ended, so the tombstone does not stand. */
      readonly refused: boolean;
    }
  | { readonly kind: "epoch"; readonly shardEpoch: number };

/** Reads the answer of {@link cancelTxn}. */
export function readCancel(plan: CancelPlan, result: TxnResult): CancelReading {
  if (!result.succeeded) {
    const epoch = result.results[0];
    invariant(epoch?.kind === "range", "a lost cancel reads the epoch");
    return { kind: "epoch", shardEpoch: decodeEpoch(epoch) };
  }
  const [exclusive, shared, place, tombstone] = result.results;
  const deleted = (answer: typeof exclusive) => answer?.kind === "delete" && answer.deleted > 0;
  return {
    kind: "cancelled",
    held: deleted(exclusive) || deleted(shared),
    queued: deleted(place),
    refused:
      plan.tombstone === undefined || (tombstone?.kind === "txn" && tombstone.result.succeeded),
  };
}
