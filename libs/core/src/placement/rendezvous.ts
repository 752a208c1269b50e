import type { Hash64 } from "./slot.ts";

/**
 * The places in the order in which `key` prefers them, by index (highest random weight: Thaler and
 * Ravishankar, 1998). Whoever knows the same places agrees, and one that goes or comes moves only
 * the keys that prefer it.
 */
export function rendezvousOrder(hash: Hash64, places: readonly string[], key: string): number[] {
  if (places.length === 1) return [0];
  const weights = places.map((place) => hash(`${place}\0${key}`));
  return places
    .map((_, index) => index)
    .sort((left, right) => {
      const [mine, theirs] = [weights[left] ?? 0n, weights[right] ?? 0n];
      return mine === theirs ? left - right : mine > theirs ? -1 : 1;
    });
}
