import { utf8, utf8Text } from "@holdfast/base/bytes";
import type { LeaseId, SessionId } from "@holdfast/base/ids";
import { poolMarkerKey, sessionMarkerKey } from "../lock/keys.ts";
import {
  absent,
  type Compare,
  type KeyValue,
  type RangeOp,
  type Txn,
  valueIs,
} from "../txn/txn.ts";

/**
 * A key attached to a lease that names the lease. Comparing it makes a dead lease a lost compare
 * instead of a refused batch (hazard 3), and its absence tells a session's end.
 */
export interface Marker {
  readonly key: string;
  readonly value: Uint8Array;
  readonly lease: LeaseId;
}

/**
 * The marker of a session in one shard; it also says the session's ttl, so that any router can
 * learn it.
 */
export function sessionMarker(session: SessionId, lease: LeaseId, ttlMs: number): Marker {
  return { key: sessionMarkerKey(session), value: utf8(`${lease.toString(16)}/${ttlMs}`), lease };
}

/** The marker of a pooled lease. */
export function poolMarker(lease: LeaseId): Marker {
  return { key: poolMarkerKey(lease), value: utf8(lease.toString(16)), lease };
}

/** Reads a session's marker back. */
export function parseSessionMarker(
  kv: KeyValue,
): { readonly lease: LeaseId; readonly ttlMs: number } | undefined {
  const [lease, ttl] = utf8Text(kv.value).split("/");
  const ttlMs = Number(ttl);
  if (lease === undefined || !/^[0-9a-f]+$/.test(lease) || !Number.isInteger(ttlMs))
    return undefined;
  return { lease: BigInt(`0x${lease}`) as LeaseId, ttlMs };
}

/** One object a marker, so that a batch sees that its members compare the same (txn/packing.ts). */
const compares = new WeakMap<Marker, Compare>();

/** Holds while the marker's lease lives. */
export function markerLives(marker: Marker): Compare {
  let compare = compares.get(marker);
  if (compare === undefined) {
    compare = valueIs(marker.key, marker.value);
    compares.set(marker, compare);
  }
  return compare;
}

/** Writes a marker only if there is none, so that two routers settle on one lease. */
export function settleMarker(marker: Marker): Txn {
  const read: RangeOp = { kind: "range", key: marker.key };
  return {
    compares: [absent(marker.key)],
    success: [{ kind: "put", key: marker.key, value: marker.value, lease: marker.lease }],
    failure: [read],
  };
}
