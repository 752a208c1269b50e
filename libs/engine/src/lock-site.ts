import { type Footprint, footprintOf } from "@holdfast/core/lock/hierarchy";
import { type LockKeys, lockKeys } from "@holdfast/core/lock/keys";
import { type LockId, lockKey } from "@holdfast/core/lock/lock-id";
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

/** Sites remembered at once; past it all are forgotten, which costs a moment's look-ups. */
const sitesMax = 8_192;

/**
 * The sites of locks that were used a moment ago, under one placement: a release finds what its
 * acquire built, and thousands of waiters of one lock share one.
 */
export class LockSites {
  readonly #hash: Hash64;
  readonly #shards: ReadonlyMap<string, Shard>;
  readonly #sites = new Map<string, LockSite>();
  #placement: Placement | undefined;

  constructor(hash: Hash64, shards: ReadonlyMap<string, Shard>) {
    this.#hash = hash;
    this.#shards = shards;
  }

  /** Undefined where the placement names a shard this router does not have. */
  find(placement: Placement, lock: LockId): LockSite | undefined {
    if (placement !== this.#placement || this.#sites.size >= sitesMax) {
      this.#placement = placement;
      this.#sites.clear();
    }
    const key = lockKey(lock);
    const known = this.#sites.get(key);
    if (known !== undefined) return known;
    const site = siteOf(this.#hash, placement, this.#shards, lock);
    if (site !== undefined) this.#sites.set(key, site);
    return site;
  }
}

/** Finds a lock's site; undefined where the placement names a shard this router does not have. */
function siteOf(
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
