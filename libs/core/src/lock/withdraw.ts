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
  /**
   * The place or grant to delete, if nobody has written it since; absent: there must be neither.
   */
  readonly unclaimed?: { readonly key: string; readonly modRevision: bigint };
}

/**
 * Takes a request's place or grant away, if it is `unclaimed`, and refuses copies of the request.
 *
 * A router whose wait ran out, or whose caller is gone, does not know whether another router
 * carries a copy of the request, or has answered "granted" to it. So it deletes only what nobody
 * has written since it last saw it: whoever takes a copy over writes it once, which claims it.
 */
export function withdrawTxn(plan: WithdrawPlan): Txn {
  const { unclaimed } = plan;
  const own = ownKeys(plan);
  const success: Op[] = unclaimed === undefined ? [] : [{ kind: "delete", key: unclaimed.key }];
  if (plan.tombstone !== undefined) {
    const txn = tombstoneTxn(plan.keys, plan.grantId, plan.tombstone, plan.epoch);
    success.push({ kind: "txn", txn });
  }
  return {
    compares: [
      epochIs(plan.epoch),
      ...own.filter((key) => key !== unclaimed?.key).map(absent),
      ...(unclaimed === undefined ? [] : [writtenAt(unclaimed.key, unclaimed.modRevision)]),
    ],
    success,
    failure: [epochKey, ...own].map((key) => ({ kind: "range", key })),
  };
}

function ownKeys({ keys, grantId }: WithdrawPlan): string[] {
  return [keys.exclusive, keys.shared, keys.queue].map(({ prefix }) => prefix + grantId);
}

/** `refused` false: the tombstone's lease had ended, so copies of the request are not refused. */
export type WithdrawReading =
  | { readonly kind: "withdrawn"; readonly refused: boolean }
  | { readonly kind: "epoch"; readonly shardEpoch: number }
  /** The request has the lock. */
  | { readonly kind: "holds"; readonly kv: KeyValue }
  /** The request stands in line. */
  | { readonly kind: "waits"; readonly kv: KeyValue }
  /** It changed since it was read: look again. */
  | { readonly kind: "changed" };

/** Reads the answer of {@link withdrawTxn}. */
export function readWithdraw(plan: WithdrawPlan, result: TxnResult): WithdrawReading {
  if (result.succeeded) {
    if (plan.tombstone === undefined) return { kind: "withdrawn", refused: true };
    const tombstone = result.results.at(-1);
    invariant(tombstone?.kind === "txn", "the tombstone comes last");
    return { kind: "withdrawn", refused: tombstone.result.succeeded };
  }
  const [epoch, exclusive, shared, queue] = result.results.map(read);
  invariant(epoch && exclusive && shared && queue, "four reads");
  const shardEpoch = decodeEpoch(epoch);
  if (shardEpoch !== plan.epoch) return { kind: "epoch", shardEpoch };
  const held = exclusive.kvs[0] ?? shared.kvs[0];
  if (held !== undefined) return { kind: "holds", kv: held };
  const place = queue.kvs[0];
  return place === undefined ? { kind: "changed" } : { kind: "waits", kv: place };
}
