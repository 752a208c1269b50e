/** The key space is cut into this many slots: the unit that is placed, and that moves. */
export const slotCount = 4096;

/** A 64-bit hash of text, xxh64 with seed 0 in the product; the core imports no vendor. */
export type Hash64 = (text: string) => bigint;

/**
 * The slot of a name: `xxh64(namespace, 0x00, routing part) mod 4096`. The routing part is the
 * whole name, or in a hierarchical namespace its first segment, so that a tree stays on one shard.
 */
export function slotOf(
  hash: Hash64,
  namespace: string,
  name: string,
  hierarchical: boolean,
): number {
  return Number(hash(`${namespace}\0${routingPart(name, hierarchical)}`) & BigInt(slotCount - 1));
}

/** What decides where a name lives, and what must not share a batch. */
export function routingPart(name: string, hierarchical: boolean): string {
  if (!hierarchical) return name;
  const slash = name.indexOf("/");
  return slash < 0 ? name : name.slice(0, slash);
}
