import { emptyBytes } from "@holdfast/base/bytes";
import type { GrantId } from "@holdfast/base/ids";
import { invariant } from "@holdfast/base/invariant";
import { type Marker, markerLives } from "../lease/marker.ts";
import { createdAt, type KeyValue, type Op, type Txn, type TxnResult } from "../txn/txn.ts";
import { decodeEpoch, epochIs } from "./epoch.ts";
import { epochKey, type LockKeys, tombstoneKey } from "./keys.ts";
import type { Mode } from "./lock-id.ts";

/** Everything a release's one transaction is built from. */
export interface ReleasePlan {
  readonly keys: LockKeys;
  readonly grantId: GrantId;
  readonly mode: Mode;
  /** The create revision that the caller's token names. */
  readonly revision: bigint;
  readonly epoch: number;
  /** Gives the lock to the head of the queue in the same transaction. */
  readonly handOver?: Txn;
  /** The lease for a tombstone, where a copy of the acquire may still be on its way [H4]. */
  readonly tombstone?: Marker;
}

/**
 * Deletes the grant only if it is the very one the token names. The hand-over inside needs no
 * compare of the holders: it is guarded by the releaser's own key.
 */
export function releaseTxn(plan: ReleasePlan): Txn {
  const own = ownKey(plan);
  const success: Op[] = [{ kind: "delete", key: own }];
  if (plan.handOver !== undefined) success.push({ kind: "txn", txn: plan.handOver });
  const release: Txn = {
    compares: [epochIs(plan.epoch), createdAt(own, plan.revision)],
    success,
    failure: [
      { kind: "range", key: epochKey },
      { kind: "range", key: own },
    ],
  };
  if (plan.tombstone === undefined) return release;
  // In the same transaction, but beside the release: it must stand in the NOT_HELD branch too, or
  // "not held" would not stay true when a stalled copy of the acquire lands. A copy that landed as
  // a place in line is not stopped by a tombstone: a promotion does not look for one.
  const refuse = tombstoneTxn(plan.keys, plan.grantId, plan.tombstone, plan.epoch);
  const withdraw: Txn = {
    compares: [epochIs(plan.epoch)],
    success: [{ kind: "delete", key: plan.keys.queue.prefix + plan.grantId }],
    failure: [],
  };
  return {
    compares: [],
    success: [release, refuse, withdraw].map((txn) => ({ kind: "txn", txn })),
    failure: [],
  };
}

/**
 * What became of the grant. `refused` false: the tombstone's lease had ended, so copies of the
 * request are not refused, and "not held" may not stay true.
 */
export type ReleaseReading =
  | { readonly kind: "released"; readonly refused: boolean; readonly handOverResult?: TxnResult }
  | { readonly kind: "epoch"; readonly shardEpoch: number }
  /** No such grant, or (with `kv`) one with another token. */
  | { readonly kind: "not-held"; readonly refused: boolean; readonly kv?: KeyValue };

/** Reads the answer of {@link releaseTxn}. */
export function readRelease(plan: ReleasePlan, outer: TxnResult): ReleaseReading {
  const result = plan.tombstone === undefined ? outer : nested(outer, 0);
  const refused = plan.tombstone === undefined || nested(outer, 1).succeeded;
  if (result.succeeded) {
    if (plan.handOver === undefined) return { kind: "released", refused };
    return { kind: "released", refused, handOverResult: nested(result, 1) };
  }
  const [epoch, own] = result.results;
  invariant(epoch?.kind === "range" && own?.kind === "range", "a lost release reads");
  const shardEpoch = decodeEpoch(epoch);
  if (shardEpoch !== plan.epoch) return { kind: "epoch", shardEpoch };
  const kv = own.kvs[0];
  return kv === undefined ? { kind: "not-held", refused } : { kind: "not-held", refused, kv };
}

/**
 * Refuses a request for as long as the lease lives. Where the lease has ended there is nothing to
 * refuse: an acquire compares the marker of the very lease it was built with.
 */
export function tombstoneTxn(keys: LockKeys, grantId: GrantId, lease: Marker, epoch: number): Txn {
  return {
    compares: [epochIs(epoch), markerLives(lease)],
    success: [
      {
        kind: "put",
        key: tombstoneKey(keys, grantId, lease.lease),
        value: emptyBytes,
        lease: lease.lease,
      },
    ],
    failure: [],
  };
}

function ownKey(plan: ReleasePlan): string {
  const range = plan.mode === "exclusive" ? plan.keys.exclusive : plan.keys.shared;
  return range.prefix + plan.grantId;
}

function nested(result: TxnResult, index: number): TxnResult {
  const answer = result.results[index];
  invariant(answer?.kind === "txn", "a nested transaction answers as one");
  return answer.result;
}
