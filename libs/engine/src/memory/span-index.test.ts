import { integerBelow, SeededRandom } from "@holdfast/base/random";
import { describe, expect, it } from "vitest";
import { SpanIndex } from "./span-index.ts";

interface Span {
  readonly key: string;
  readonly rangeEnd?: string;
}

function randomKey(random: SeededRandom): string {
  const length = 1 + integerBelow(random, 4);
  return Array.from({ length }, () => "/0ab"[integerBelow(random, 4)]).join("");
}

function randomSpan(random: SeededRandom): Span {
  const key = randomKey(random);
  const other = randomKey(random);
  if (other === key || integerBelow(random, 4) === 0) return { key };
  return key < other ? { key, rangeEnd: other } : { key: other, rangeEnd: key };
}

describe("SpanIndex", () => {
  it("finds exactly the spans that hold a key, as a scan of all of them does", () => {
    const random = new SeededRandom(3);
    const index = new SpanIndex<Span>();
    const spans = new Set<Span>();
    for (let step = 0; step < 4_000; step++) {
      if (spans.size < 40 || integerBelow(random, 2) === 0) {
        const span = randomSpan(random);
        spans.add(span);
        index.add(span);
      } else {
        const [first] = spans;
        if (first !== undefined && spans.delete(first)) index.remove(first);
      }
      const key = randomKey(random);
      const found = new Set<Span>();
      index.visit(key, (span) => {
        expect(found.has(span)).toBe(false);
        found.add(span);
      });
      const expected = [...spans].filter((span) =>
        span.rangeEnd === undefined ? span.key === key : span.key <= key && key < span.rangeEnd,
      );
      expect(found).toEqual(new Set(expected));
    }
    for (const span of spans) index.remove(span);
    expect(index.empty).toBe(true);
  });
});
