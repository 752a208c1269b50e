import { digest132 } from "@holdfast/base/digest";
import { expect, test } from "vitest";
import { rendezvousOrder } from "./rendezvous.ts";

const hash = (text: string) =>
  BigInt.asUintN(64, Buffer.from(digest132(text), "base64url").readBigUInt64BE());
const keys = Array.from({ length: 3_000 }, (_, index) => `key-${index}`);
const places = ["10.0.0.1:7430", "10.0.0.2:7430", "10.0.0.3:7430"];

test("every key has an order of all places, and the places share the keys", () => {
  const counts = [0, 0, 0];
  for (const key of keys) {
    const order = rendezvousOrder(hash, places, key);
    expect([...order].sort()).toEqual([0, 1, 2]);
    counts[order[0] ?? 0] = (counts[order[0] ?? 0] ?? 0) + 1;
  }
  for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
});

test("a place that goes moves only the keys that preferred it, each to its second choice", () => {
  const [gone, ...rest] = places;
  for (const key of keys) {
    const before = rendezvousOrder(hash, places, key).map((index) => places[index]);
    const after = rendezvousOrder(hash, rest, key).map((index) => rest[index]);
    expect(after).toEqual(before.filter((place) => place !== gone));
  }
});

test("whoever lists the places in another order agrees", () => {
  const turned = [...places].reverse();
  for (const key of keys.slice(0, 100)) {
    const [first = 0] = rendezvousOrder(hash, places, key);
    const [same = 0] = rendezvousOrder(hash, turned, key);
    expect(turned[same]).toBe(places[first]);
  }
});
