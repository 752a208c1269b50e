import { digest132 } from "@holdfast/base/digest";
import { expect, test } from "vitest";
import { decodePlacement, encodePlacement, firstPlacement, placeOf } from "./placement.ts";
import { addShard, layOut, type WeightedShard } from "./ring.ts";
import { type Hash64, routingPart, slotCount, slotOf } from "./slot.ts";

/** The core takes any hash; the product's own is pinned in test/contract. */
const hash: Hash64 = (text) =>
  BigInt.asUintN(64, Buffer.from(digest132(text), "base64url").readBigUInt64BE());

function shards(count: number, weight = 1): WeightedShard[] {
  return Array.from({ length: count }, (_, index) => ({ name: `s${index}`, weight }));
}

function counts(owners: Uint16Array, of: number): number[] {
  const counted = Array.from({ length: of }, () => 0);
  for (const owner of owners) counted[owner] = (counted[owner] ?? 0) + 1;
  return counted;
}

test("slots spread evenly at equal weights, for any number of shards", () => {
  for (const count of [1, 2, 3, 5, 8, 16, 33, 64]) {
    const each = counts(layOut(hash, shards(count)), count);
    expect(Math.max(...each) - Math.min(...each)).toBeLessThanOrEqual(1);
  }
});

test("keys spread to at most 1.10 of the mean a shard", () => {
  const placement = firstPlacement(hash, "r", shards(8), []);
  const each = new Map<string, number>();
  for (let key = 0; key < 100_000; key++) {
    const { shard } = placeOf(hash, placement, "default", `order:${key}`);
    each.set(shard, (each.get(shard) ?? 0) + 1);
  }
  expect(Math.max(...each.values()) / (100_000 / 8)).toBeLessThanOrEqual(1.1);
});

test("weights divide the slots", () => {
  const each = counts(
    layOut(hash, [
      { name: "small", weight: 1 },
      { name: "large", weight: 3 },
    ]),
    2,
  );
  expect(each).toEqual([1024, 3072]);
});

test("a shard that joins takes its share and nothing else moves", () => {
  for (const count of [1, 2, 5, 9]) {
    const before = layOut(hash, shards(count));
    const after = addShard(hash, before, shards(count + 1));
    let moved = 0;
    for (let slot = 0; slot < slotCount; slot++) {
      if (before[slot] === after[slot]) continue;
      moved++;
      expect(after[slot]).toBe(count);
    }
    expect(moved / slotCount).toBeLessThanOrEqual(1 / (count + 1) + 0.02);
    const each = counts(after, count + 1);
    expect(Math.max(...each) / (slotCount / (count + 1))).toBeLessThanOrEqual(1.1);
  }
});

test("the order in which shards are named does not matter to which slots a name gets", () => {
  const one = layOut(hash, [...shards(4)]);
  const names = (owners: Uint16Array, of: readonly WeightedShard[]) =>
    Array.from(owners, (owner) => of[owner]?.name);
  const reversed = [...shards(4)].reverse();
  const other = layOut(hash, reversed);
  const same = names(one, shards(4)).filter((name, slot) => name === names(other, reversed)[slot]);
  expect(same.length / slotCount).toBeGreaterThan(0.99);
});

test("a tree stays on one slot, flat names do not", () => {
  expect(routingPart("a/b/c", true)).toBe("a");
  expect(routingPart("a/b/c", false)).toBe("a/b/c");
  const slots = new Set(
    ["a", "a/b", "a/b/c", "a/x"].map((name) => slotOf(hash, "tree", name, true)),
  );
  expect(slots.size).toBe(1);
});

test("a namespace and a name cannot be confused with another pair", () => {
  expect(slotOf(hash, "ab", "c", false)).not.toBe(slotOf(hash, "a", "bc", false));
});

test("a placement survives its encoding, and damage to it is noticed", () => {
  const placement = firstPlacement(hash, "us-east-1", shards(3), ["tree"]);
  const bytes = encodePlacement(placement);
  expect(decodePlacement(bytes)).toEqual(placement);
  expect(bytes.length).toBeLessThan(32_768);
  const text = new TextDecoder().decode(bytes);
  for (const damaged of [
    "",
    "{}",
    text.replace('"format":1', '"format":2'),
    text.replace('"version":1', '"version":524288'),
    text.replace('"version":1', '"version":0'),
    text.replace('"runs":[', '"runs":[0,1,'),
    text.replace('"runs":[', '"runs":[9,0,'),
  ]) {
    expect(decodePlacement(new TextEncoder().encode(damaged))).toBeUndefined();
  }
});
