import { firstPlacement, placeOf } from "@holdfast/core/placement/placement";
import { addShard } from "@holdfast/core/placement/ring";
import HashRing from "hash-ring";
import { describe, expect, it } from "vitest";
import createXxhash from "xxhash-wasm";

const nodes = ["s0", "s1", "s2", "s3"];
const keyCount = 20_000;
const keys = Array.from({ length: keyCount }, (_, index) => `lock-${index}`);

/** How many of the keys `locate` puts on each node, largest first. */
function spread(locate: (key: string) => string | null): number[] {
  const counts = new Map<string, number>(nodes.map((node) => [node, 0]));
  for (const key of keys) {
    const node = locate(key) ?? "none";
    counts.set(node, (counts.get(node) ?? 0) + 1);
  }
  return [...counts.values()].sort((left, right) => right - left);
}

/** The textbook look-up over the same points: the first point at or after the key's own hash. */
function textbookLookup(ring: HashRing): (key: string) => string | null {
  const points = ring.sortedKeys
    .map((point) => ({ at: BigInt(point), node: ring.rings[String(point)] ?? null }))
    .sort((left, right) => (left.at < right.at ? -1 : 1));
  return (key) => {
    const hash = BigInt(ring.hashFunc(key));
    return (points.find((point) => point.at >= hash) ?? points[0])?.node ?? null;
  };
}

// These are statements about somebody else's package, kept because ADR 0001 rests on them: when one
// of them fails after an upgrade, the decision is to be looked at again.
describe.each(["crc32", "md5"] as const)("hash-ring 1.0.1 with %s", (hashMethod) => {
  it("puts every key on one of four nodes", () => {
    const ring = new HashRing(nodes, { hashMethod });
    expect(spread((key) => ring.getNode(key))).toEqual([keyCount, 0, 0, 0]);
    // Not a busy node but the first point in text order: no name of a lock gets past it.
    expect(ring.getNode("lock-0")).toBe(ring.rings[String(ring.sortedKeys[0])]);
  });

  it("has points of all four nodes, so the fault is in the look-up", () => {
    const ring = new HashRing(nodes, { hashMethod });
    const pointsOfNode = nodes.map(
      (node) => ring.sortedKeys.filter((point) => ring.rings[String(point)] === node).length,
    );
    expect(pointsOfNode).toEqual([128, 128, 128, 128]);
    const [most = 0, , , least = 0] = spread(textbookLookup(ring));
    expect(least).toBeGreaterThan(keyCount / 8);
    expect(most).toBeLessThan(keyCount / 2);
  });

  it("gives a new node no key, so adding a shard adds no room", () => {
    const ring = new HashRing(nodes, { hashMethod });
    const before = keys.map((key) => ring.getNode(key));
    ring.addNode("s4");
    const moved = keys.filter((key, index) => ring.getNode(key) !== before[index]);
    expect(moved).toEqual([]);
  });
});

describe("our own placement of the same keys", async () => {
  const { h64 } = await createXxhash();
  const hash = (text: string): bigint => h64(text);
  const shards = nodes.map((name) => ({ name, weight: 1 }));
  const placement = firstPlacement(hash, "us-east-1", shards, []);
  const locate = (key: string): string => placeOf(hash, placement, "default", key).shard;

  it("puts at most a tenth more than the mean on a shard", () => {
    const [most = 0] = spread(locate);
    expect(most).toBeLessThanOrEqual((keyCount / nodes.length) * 1.1);
  });

  it("gives a new shard its share, and moves no key between the others", () => {
    const five = [...shards, { name: "s4", weight: 1 }];
    const owners = addShard(hash, placement.owners, five);
    const grown = { ...placement, shards: five, owners };
    const now = keys.map((key) => placeOf(hash, grown, "default", key).shard);
    const moved = now.filter((shard, index) => shard !== locate(keys[index] ?? ""));
    expect(new Set(moved)).toEqual(new Set(["s4"]));
    expect(Math.abs(moved.length - keyCount / 5)).toBeLessThan(keyCount * 0.02);
  });
});
