import { SeededRandom } from "@holdfast/base/random";
import { describe, expect, test } from "vitest";
import { checkHistory, minimise } from "./check-history.ts";
import { HandmadeHistory } from "./handmade-history.ts";
import { plantedFaults } from "./planted-fault.ts";
import { randomHistory } from "./random-history.ts";

function found(history: HandmadeHistory): string[] {
  const { violations, unchecked } = checkHistory(history.events);
  expect(unchecked).toEqual([]);
  return violations.map(({ checker }) => checker);
}

const twoInARow = () =>
  new HandmadeHistory().asks("a", 0).gets("a", 2, 1).releases("a", 10, 12).asks("b", 1);

describe("histories that a lock could have shown", () => {
  test("one holder after the other", () => {
    expect(found(twoInARow().gets("b", 11, 2).releases("b", 20, 21))).toEqual([]);
  });

  test("an answer to the next holder before the answer to the release", () => {
    expect(found(twoInARow().gets("b", 10.5, 2))).toEqual([]);
  });

  test("a holder that was told late of its loss, and had known its deadline", () => {
    const history = new HandmadeHistory().asks("a", 0).gets("a", 2, 1).believes("a", 3, 9);
    expect(found(history.asks("b", 4).gets("b", 10, 2).loses("a", 15))).toEqual([]);
  });

  test("a holder that was killed, and the next one after it", () => {
    const history = new HandmadeHistory().asks("a", 0).gets("a", 2, 1).dies("a", 5);
    expect(found(history.asks("b", 1).gets("b", 6, 2))).toEqual([]);
  });

  test("an acquire of which nobody knows what it came to, and a try that it was in the way of", () => {
    const history = new HandmadeHistory().asks("a", 0).hears("a", 5, "unknown");
    expect(found(history.asks("b", 6, "exclusive", 0).hears("b", 7, "held"))).toEqual([]);
  });

  test("a try refused because of a waiter that was promoted while it was answered", () => {
    const history = twoInARow().asks("c", 11, "exclusive", 0);
    expect(found(history.gets("b", 14, 2).hears("c", 13, "held"))).toEqual([]);
  });

  test("shared holders that were promoted together and have one token", () => {
    const history = new HandmadeHistory().asks("a", 0, "shared").gets("a", 2, 1);
    expect(found(history.asks("b", 0, "shared").gets("b", 3, 1))).toEqual([]);
  });
});

describe("histories that no lock can have shown", () => {
  test("two are sure of it", () => {
    expect(found(twoInARow().gets("b", 9, 2))).toEqual(["overlap", "linearizability"]);
  });

  test("a holder is seen to be sure of it past the deadline it had known", () => {
    const history = new HandmadeHistory().asks("a", 0).gets("a", 2, 1).believes("a", 3, 9);
    history.asks("b", 4).gets("b", 10, 2).believes("a", 11, 12).loses("a", 15);
    expect(found(history)).toEqual(["overlap", "linearizability"]);
  });

  test("one shares what another has alone", () => {
    const history = new HandmadeHistory().asks("a", 0).gets("a", 2, 1).asks("b", 3, "shared");
    expect(found(history.gets("b", 4, 2).releases("a", 5, 6))).toEqual([
      "overlap",
      "linearizability",
    ]);
  });

  test("a token that is smaller than the one before", () => {
    expect(found(twoInARow().gets("b", 11, 0))).toEqual(["linearizability"]);
    const later = new HandmadeHistory().asks("a", 0).gets("a", 2, 5).releases("a", 10, 12);
    expect(found(later.asks("b", 13).gets("b", 14, 4))).toEqual(["tokens", "linearizability"]);
  });

  test("a token that two had one after the other", () => {
    expect(found(twoInARow().gets("b", 11, 1))).toEqual(["tokens"]);
  });

  test("a try is refused although nobody has it, wants it or may have it", () => {
    const history = new HandmadeHistory().asks("a", 0).gets("a", 2, 1).releases("a", 10, 12);
    history.asks("b", 13, "exclusive", 0).hears("b", 14, "held");
    expect(found(history)).toEqual(["linearizability"]);
  });

  test("a lock that was taken while the one before had it, though neither was sure then", () => {
    // b is answered before a's loss can have taken effect: a believed in it until 20.
    const history = new HandmadeHistory().asks("a", 0).gets("a", 2, 1).asks("b", 3);
    expect(found(history.gets("b", 4, 2).releases("b", 4, 5).loses("a", 20))).toContain(
      "linearizability",
    );
  });
});

describe("random histories", () => {
  const seeds = Array.from({ length: 60 }, (_, index) => index + 1);
  const shape = { tenures: 300, clients: 8, locks: 2 };

  test("those of a correct service are found to be in order", () => {
    for (const seed of seeds) {
      const verdict = checkHistory(randomHistory(new SeededRandom(seed), shape));
      expect([seed, verdict.violations, verdict.unchecked]).toEqual([seed, [], []]);
    }
  });

  test.each(plantedFaults)("with one fault it is found: $name", ({ plant }) => {
    let planted = 0;
    for (const seed of seeds) {
      const random = new SeededRandom(seed);
      const faulty = plant(randomHistory(random, shape), random);
      if (faulty === undefined) continue;
      planted++;
      const { violations } = checkHistory(faulty.toSorted((a, b) => a.atMs - b.atMs));
      expect([seed, violations.length > 0]).toEqual([seed, true]);
    }
    expect(planted).toBeGreaterThan(seeds.length / 4);
  });

  test("a fault among hundreds of tenures is narrowed down to those it needs", () => {
    const random = new SeededRandom(7);
    const faulty = plantedFaults[0]?.plant(randomHistory(random, { ...shape, locks: 1 }), random);
    const { tenures } = checkHistory((faulty ?? []).toSorted((a, b) => a.atMs - b.atMs));
    expect(minimise(tenures)).toHaveLength(2);
  });

  test("a lock with 5,000 tenures of 30 clients is checked without a detour", () => {
    const long = { tenures: 5_000, clients: 30, locks: 1 };
    const { violations, unchecked } = checkHistory(randomHistory(new SeededRandom(1), long));
    expect([violations, unchecked]).toEqual([[], []]);
  });
});
