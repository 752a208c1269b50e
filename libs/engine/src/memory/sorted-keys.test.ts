import { integerBelow, SeededRandom } from "@holdfast/base/random";
import { describe, expect, it } from "vitest";
import { SortedKeys } from "./sorted-keys.ts";

/** Short keys over three letters, so that prefixes, neighbours and repeats are common. */
function randomKey(random: SeededRandom): string {
  const length = 1 + integerBelow(random, 5);
  return Array.from({ length }, () => "abc"[integerBelow(random, 3)]).join("");
}

describe("SortedKeys", () => {
  it("answers as a sorted array does, over random insertions and removals", () => {
    const random = new SeededRandom(7);
    const keys = new SortedKeys();
    const model = new Set<string>();
    for (let step = 0; step < 5_000; step++) {
      const key = randomKey(random);
      if (!model.has(key)) {
        keys.insert(key);
        model.add(key);
      } else if (integerBelow(random, 3) === 0) {
        keys.remove(key);
        model.delete(key);
      }
      const start = randomKey(random);
      const end = `${start}${randomKey(random)}`;
      const expected = [...model].filter((each) => start <= each && each < end).sort();
      expect([...keys.between(start, end)]).toEqual(expected);
      expect(keys.count(start, end)).toBe(expected.length);
      expect(keys.size).toBe(model.size);
    }
  });

  it("keeps 20,000 keys in order over many buckets", () => {
    const random = new SeededRandom(8);
    const keys = new SortedKeys();
    const model = new Set<string>();
    while (model.size < 20_000) model.add(`k/${integerBelow(random, 1_000_000)}`);
    for (const key of model) keys.insert(key);
    expect([...keys.between("", "l")]).toEqual([...model].sort());
    expect(keys.count("k/5", "k/6")).toBe([...model].filter((key) => key[2] === "5").length);
    for (const key of model) keys.remove(key);
    expect([keys.size, keys.count("", "l"), [...keys.between("", "l")]]).toEqual([0, 0, []]);
  });
});
