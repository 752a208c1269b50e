import { type Compare, type RangeOp, rangeEmpty } from "../txn/txn.ts";
import { type KeyRange, type LockKeys, lockKeys, subtree } from "./keys.ts";
import type { Mode } from "./lock-id.ts";

/**
 * Where one lock's holders, and those of the locks that exclude it, are to be found.
 *
 * In a hierarchical namespace a lock also excludes its ancestors and everything below it; one range
 * compare covers a whole subtree, one each an ancestor.
 */
export interface Footprint {
  /** Ranges in which an exclusive holder shuts everybody out. */
  readonly exclusive: readonly KeyRange[];
  /** Ranges in which a shared holder shuts an exclusive one out. */
  readonly shared: readonly KeyRange[];
}

/** `hierarchical`: names of the namespace are paths. */
export function footprintOf(
  keys: LockKeys,
  slot: number,
  namespace: string,
  name: string,
  hierarchical: boolean,
): Footprint {
  if (!hierarchical) return { exclusive: [keys.exclusive], shared: [keys.shared] };
  const ancestors = ancestorsOf(name).map((ancestor) => lockKeys(slot, namespace, ancestor));
  return {
    exclusive: [
      subtree("x", slot, namespace, name),
      ...ancestors.map((ancestor) => ancestor.exclusive),
    ],
    shared: [subtree("s", slot, namespace, name), ...ancestors.map((ancestor) => ancestor.shared)],
  };
}

/** Holds when nobody holds what would exclude a grant of `mode`. */
export function noConflict(footprint: Footprint, mode: Mode): Compare[] {
  const ranges =
    mode === "exclusive" ? [...footprint.exclusive, ...footprint.shared] : footprint.exclusive;
  return ranges.map((range) => rangeEmpty(range.prefix, range.end));
}

/** Reads up to `limit` holders of each range. */
export function readHolders(footprint: Footprint, limit: number): RangeOp[] {
  return [...footprint.exclusive, ...footprint.shared].map((range) => ({
    kind: "range",
    key: range.prefix,
    rangeEnd: range.end,
    limit,
  }));
}

/** "a/b/c" has the ancestors "a" and "a/b". */
export function ancestorsOf(name: string): string[] {
  const ancestors: string[] = [];
  for (let at = name.indexOf("/"); at >= 0; at = name.indexOf("/", at + 1)) {
    ancestors.push(name.slice(0, at));
  }
  return ancestors;
}
