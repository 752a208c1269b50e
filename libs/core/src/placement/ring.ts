import { invariant } from "@holdfast/base/invariant";
import { type Hash64, slotCount } from "./slot.ts";

/** A shard and its share of the key space relative to the others. */
export interface WeightedShard {
  readonly name: string;
  /** More than 0; 1 is usual. */
  readonly weight: number;
}

/** Points on the ring for a weight of 1: enough that a ring of a few shards is fairly even. */
const pointsPerWeight = 128;

/**
 * Lays the slots on the shards by consistent hashing with virtual nodes (Karger et al., 1997), each
 * shard taking no more than its share (bounded loads: Mirrokni, Thorup, Zadimoghaddam, 2016), so
 * that the fullest shard is never more than one slot above its weight's part.
 * Returns, for each slot, the index of its shard.
 */
export function layOut(hash: Hash64, shards: readonly WeightedShard[]): Uint16Array {
  invariant(shards.length >= 1 && shards.length <= slotCount, "1 to 4096 shards");
  const ring = ringOf(hash, shards);
  const room = quotas(shards);
  const owners = new Uint16Array(slotCount);
  for (let slot = 0; slot < slotCount; slot++) {
    const owner = firstWithRoom(ring, hash(slotPoint(slot)), room);
    room[owner] = (room[owner] ?? 0) - 1;
    owners[slot] = owner;
  }
  return owners;
}

/**
 * Adds the last of `shards` to a layout of the others. It takes its share from each of them, the
 * slots nearest to its points first; no slot moves between the others.
 */
export function addShard(
  hash: Hash64,
  owners: Uint16Array,
  shards: readonly WeightedShard[],
): Uint16Array {
  const added = shards.length - 1;
  const newcomer = shards[added];
  invariant(newcomer !== undefined && added >= 1, "a layout to add to");
  const ring = ringOf(hash, [newcomer]);
  const surplus = quotas(shards).map((quota) => -quota);
  for (const owner of owners) surplus[owner] = (surplus[owner] ?? 0) + 1;
  const result = owners.slice();
  const byNearness = Array.from(owners, (_, slot) => ({
    slot,
    distance: gap(ring, hash(slotPoint(slot))),
  }));
  byNearness.sort((left, right) =>
    left.distance < right.distance
      ? -1
      : left.distance > right.distance
        ? 1
        : left.slot - right.slot,
  );
  for (const { slot } of byNearness) {
    const owner = owners[slot] ?? 0;
    if ((surplus[owner] ?? 0) <= 0 || (surplus[added] ?? 0) >= 0) continue;
    surplus[owner] = (surplus[owner] ?? 0) - 1;
    surplus[added] = (surplus[added] ?? 0) + 1;
    result[slot] = added;
  }
  return result;
}

interface RingPoint {
  readonly at: bigint;
  readonly shard: number;
}

function ringOf(hash: Hash64, shards: readonly WeightedShard[]): RingPoint[] {
  const points: RingPoint[] = [];
  for (const [shard, { name, weight }] of shards.entries()) {
    const count = Math.max(1, Math.round(weight * pointsPerWeight));
    for (let point = 0; point < count; point++) {
      points.push({ at: hash(`shard\0${name}\0${point}`), shard });
    }
  }
  // Two points on one spot are as likely as a hash collision; the order must not depend on it.
  return points.sort((left, right) =>
    left.at < right.at ? -1 : left.at > right.at ? 1 : left.shard - right.shard,
  );
}

function slotPoint(slot: number): string {
  return `slot\0${slot}`;
}

/** Whole slots for each shard by largest remainder; together exactly all slots. */
function quotas(shards: readonly WeightedShard[]): number[] {
  const total = shards.reduce((sum, shard) => sum + shard.weight, 0);
  const exact = shards.map((shard) => (slotCount * shard.weight) / total);
  const whole = exact.map(Math.floor);
  const left = slotCount - whole.reduce((sum, count) => sum + count, 0);
  const byRemainder = exact
    .map((share, shard) => ({ shard, remainder: share - Math.floor(share) }))
    .sort((a, b) => b.remainder - a.remainder || a.shard - b.shard);
  for (const { shard } of byRemainder.slice(0, left)) whole[shard] = (whole[shard] ?? 0) + 1;
  return whole;
}

function firstWithRoom(ring: readonly RingPoint[], from: bigint, room: readonly number[]): number {
  const start = successor(ring, from);
  for (let step = 0; step < ring.length; step++) {
    const point = ring[(start + step) % ring.length];
    if (point !== undefined && (room[point.shard] ?? 0) > 0) return point.shard;
  }
  throw new RangeError("the quotas add up to the number of slots");
}

function gap(ring: readonly RingPoint[], from: bigint): bigint {
  const next = ring[successor(ring, from) % ring.length];
  return next === undefined ? 0n : BigInt.asUintN(64, next.at - from);
}

/** Index of the first point at or after `from`; `ring.length` is the first one again. */
function successor(ring: readonly RingPoint[], from: bigint): number {
  let low = 0;
  let high = ring.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ring[middle]?.at ?? 0n) < from) low = middle + 1;
    else high = middle;
  }
  return low;
}
