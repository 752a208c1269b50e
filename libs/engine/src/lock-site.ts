import { type Footprint, footprintOf } from "@holdfast/core/lock/hierarchy";
import { type LockKeys, lockKeys } from "@holdfast/core/lock/keys";
import type { LockId } from "@holdfast/core/lock/lock-id";
import { type Placement, placeOf } from "@holdfast/core/placement/placement";
import { type Hash64, routingPart } from "@holdfast/core/placement/slot";
import type { Shard } from "./shard.ts";

/** Where a lock lives under one pinned placement, and what of it conflicts with what. */
export interface LockSite {
  readonly lock: LockId;
  readonly shard: Shard;
  readonly slot: number;
  /** The version of the placement that chose the shard: what every write compares [H8]. */
  readonly epoch: number;
  readonly hierarchical: boolean;
  readonly keys: LockKeys;
  readonly footprint: Footprint;
  /** No two operations with one of these may share a batch (hazard 1). */
  readonly conflictKey: string;
}

/** Finds a lock's site; undefined where the placement names a shard this router does not have. */
export function siteOf(
  hash: Hash64,
  placement: Placement,
  shards: ReadonlyMap<string, Shard>,
  lock: LockId,
): LockSite | undefined {
  const { namespace, name } = lock;
  const { slot, shard: shardName, hierarchical } = placeOf(hash, placement, namespace, name);
  const shard = shards.get(shardName);
  if (shard === undefined) return undefined;
  const keys = lockKeys(slot, namespace, name);
  return {
    lock,
    shard,
    slot,
    epoch: placement.version,
    hierarchical,
    keys,
    footprint: footprintOf(keys, slot, namespace, name, hierarchical),
    conflictKey: `${namespace}/${routingPart(name, hierarchical)}`,
  };
}
