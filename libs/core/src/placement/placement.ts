import { utf8, utf8Text } from "@holdfast/base/bytes";
import { invariant } from "@holdfast/base/invariant";
import { epochMax } from "../fencing/token.ts";
import { layOut, type WeightedShard } from "./ring.ts";
import { type Hash64, slotCount, slotOf } from "./slot.ts";

/**
 * A region's versioned map from slot to shard. Immutable: an operation pins one from start to end.
 */
export interface Placement {
  /** 1 to 2^19 - 1; the epoch that every write under this placement compares. */
  readonly version: number;
  readonly region: string;
  readonly shards: readonly WeightedShard[];
  /** For each slot the index of its shard. */
  readonly owners: Uint16Array;
  /** Namespaces whose names are paths. */
  readonly hierarchical: ReadonlySet<string>;
}

/** Where a lock lives. */
export interface Place {
  readonly slot: number;
  readonly shard: string;
  readonly hierarchical: boolean;
}

/** The first placement of a region. */
export function firstPlacement(
  hash: Hash64,
  region: string,
  shards: readonly WeightedShard[],
  hierarchical: Iterable<string>,
): Placement {
  return {
    version: 1,
    region,
    shards,
    owners: layOut(hash, shards),
    hierarchical: new Set(hierarchical),
  };
}

/** Looks a lock up. */
export function placeOf(
  hash: Hash64,
  placement: Placement,
  namespace: string,
  name: string,
): Place {
  const hierarchical = placement.hierarchical.has(namespace);
  const slot = slotOf(hash, namespace, name, hierarchical);
  const shard = placement.shards[placement.owners[slot] ?? 0];
  invariant(shard !== undefined, "every slot has a shard");
  return { slot, shard: shard.name, hierarchical };
}

/** JSON with the owners as runs `[shard, length, …]`, so that it can be read and compared. */
export function encodePlacement(placement: Placement): Uint8Array {
  const { version, region, shards, hierarchical } = placement;
  const runs: number[] = [];
  for (let slot = 0; slot < slotCount; ) {
    const owner = placement.owners[slot] ?? 0;
    const start = slot;
    while (slot < slotCount && placement.owners[slot] === owner) slot++;
    runs.push(owner, slot - start);
  }
  return utf8(
    JSON.stringify({ format: 1, version, region, shards, hierarchical: [...hierarchical], runs }),
  );
}

/** Undefined where the bytes are not a placement this build understands. */
export function decodePlacement(bytes: Uint8Array): Placement | undefined {
  try {
    const stored = JSON.parse(utf8Text(bytes));
    const { format, version, region, shards, hierarchical, runs } = stored;
    if (format !== 1 || !Number.isInteger(version) || version < 1 || version > epochMax) {
      return undefined;
    }
    const owners = new Uint16Array(slotCount);
    let slot = 0;
    for (let index = 0; index + 1 < runs.length; index += 2) {
      if (runs[index] >= shards.length) return undefined;
      owners.fill(runs[index], slot, slot + runs[index + 1]);
      slot += runs[index + 1];
    }
    if (slot !== slotCount) return undefined;
    return { version, region, shards, owners, hierarchical: new Set(hierarchical) };
  } catch {
    return undefined;
  }
}
