import { invariant } from "@holdfast/base/invariant";
import { type Marker, markerLives } from "../lease/marker.ts";
import { createdAt, type KeyValue, type Txn, type TxnResult, writtenAt } from "../txn/txn.ts";
import { decodeEpoch, epochIs } from "./epoch.ts";
import { epochKey } from "./keys.ts";

/**
 * Puts a grant, or a place in line, under a newer pooled lease.
 *
 * Comparing the last write too is what keeps a delayed renewal from putting the key back on an
 * older lease than a later renewal chose [H5].
 */
export interface RenewPlan {
  /** The key as it was read. */
  readonly kv: KeyValue;
  /** Its value, with a new ttl where that changes. */
  readonly value: Uint8Array;
  readonly marker: Marker;
  readonly epoch: number;
}

/** Builds the transaction of a {@link RenewPlan}. */
export function renewTxn(plan: RenewPlan): Txn {
  const { kv, marker, value } = plan;
  return {
    compares: [
      epochIs(plan.epoch),
      markerLives(marker),
      createdAt(kv.key, kv.createRevision),
      writtenAt(kv.key, kv.modRevision),
    ],
    success: [{ kind: "put", key: kv.key, value, lease: marker.lease }],
    failure: [
      { kind: "range", key: epochKey },
      { kind: "range", key: kv.key },
    ],
  };
}

/** `changed`: the key was written or deleted meanwhile, or the new lease ended: read and go on. */
export type RenewReading =
  | { readonly kind: "renewed" }
  | { readonly kind: "epoch"; readonly shardEpoch: number }
  | { readonly kind: "changed"; readonly kv?: KeyValue };

/** Reads the answer of {@link renewTxn}. */
export function readRenew(plan: RenewPlan, result: TxnResult): RenewReading {
  if (result.succeeded) return { kind: "renewed" };
  const [epoch, own] = result.results;
  invariant(epoch?.kind === "range" && own?.kind === "range", "a lost renewal reads");
  const shardEpoch = decodeEpoch(epoch);
  if (shardEpoch !== plan.epoch) return { kind: "epoch", shardEpoch };
  const kv = own.kvs[0];
  return kv === undefined ? { kind: "changed" } : { kind: "changed", kv };
}
