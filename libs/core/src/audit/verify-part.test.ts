import { utf8 } from "@holdfast/base/bytes";
import { describe, expect, it } from "vitest";
import { append, genesis } from "./chain.ts";
import type { DamageKind } from "./chain-damage.ts";
import { manifestOf } from "./testing/archived-part.ts";
import { partState } from "./verify-part.ts";

const before = append(append(genesis("c1"), utf8("of another part")), utf8("of it too"));
/** Records 3 to 22. */
const lines = Array.from({ length: 20 }, (_, index) => utf8(`record ${index + 3}`));
const manifest = manifestOf(before, lines);
const other = utf8("another");

interface Expected {
  readonly kind: DamageKind;
  readonly first: number;
  readonly last?: number;
}

/** What is done to the line at a place, and what is to be found of it. */
const tamperings: Record<string, (at: number) => readonly [Uint8Array[], Expected]> = {
  "an edit": (at) => [lines.with(at, other), { kind: "edited", first: at + 3 }],
  "a deletion": (at) => [
    lines.toSpliced(at, 1),
    {
      kind: at === 0 ? "truncated-start" : at === 19 ? "truncated-end" : "deleted",
      first: at + 3,
    },
  ],
  "a line of its own": (at) => [lines.toSpliced(at, 0, other), { kind: "inserted", first: at + 3 }],
  "a line behind it that was there": (at) => [
    lines.toSpliced(at + 1, 0, lines[at] as Uint8Array),
    { kind: "duplicated", first: at + 3 },
  ],
  "a swap with its neighbour": (at) => {
    const first = Math.min(at, 18);
    const [left, right] = [lines[first] as Uint8Array, lines[first + 1] as Uint8Array];
    return [
      lines.toSpliced(first, 2, right, left),
      { kind: "reordered", first: first + 3, last: first + 4 },
    ];
  },
  "the loss of all from it on": (at) => [
    lines.slice(0, at),
    { kind: "truncated-end", first: at + 3, last: 22 },
  ],
};

describe("an object of the archive", () => {
  it("is whole as it was written", () => {
    expect(partState(manifest, lines)).toEqual({ kind: "whole" });
  });

  for (const [what, tamper] of Object.entries(tamperings)) {
    it(`shows ${what}, wherever it is, and names the first bad record`, () => {
      for (let at = 0; at < lines.length; at++) {
        const [tampered, { kind, first, last = first }] = tamper(at);
        expect(partState(manifest, tampered), `at ${at}`).toMatchObject({
          kind: "damaged",
          damage: { kind, cluster: "c1", first: BigInt(first), last: BigInt(last) },
        });
      }
    });
  }

  it("shows a line behind its last", () => {
    expect(partState(manifest, [...lines, other])).toMatchObject({
      kind: "damaged",
      damage: { kind: "inserted", first: 23n },
    });
  });

  it("shows that its records were written anew, whatever its tags say", () => {
    const tampered = lines.with(5, other);
    const forged = { ...manifest, tags: manifestOf(before, tampered).tags };
    expect(partState(forged, tampered)).toMatchObject({
      kind: "damaged",
      damage: { kind: "rewritten", first: 3n, last: 22n },
    });
  });

  it("is no damaged one where only the manifest's tags were changed", () => {
    const tags = manifest.tags.with(7, 1 + (manifest.tags[7] as number));
    expect(partState({ ...manifest, tags }, lines)).toMatchObject({ kind: "manifest-damaged" });
  });
});
