import { utf8, utf8Text } from "@holdfast/base/bytes";
import { describe, expect, it } from "vitest";
import { decodeManifest, encodeManifest, hasTag } from "./archive-manifest.ts";
import { genesis } from "./chain.ts";
import { manifestOf } from "./testing/archived-part.ts";

const lines = ["one", "two", "three"].map(utf8);
const manifest = manifestOf(genesis("c/1"), lines);

describe("a manifest", () => {
  it("is the same text for ever: it stands in archives", () => {
    const text = utf8Text(encodeManifest(manifest));
    expect(JSON.parse(text)).toMatchObject({
      ...{ format: 1, day: "2026-11-22", cluster: "c/1", part: 0, rows: 3 },
      ...{ firstSequence: "1", lastSequence: "3", lineBytes: 14, tags: "dpLDrT/EzP6LW52w" },
    });
    expect(text.endsWith("}\n")).toBe(true);
  });

  it("comes back as it was written", () => {
    expect(decodeManifest(encodeManifest(manifest))).toEqual(manifest);
    const large = { ...manifest, firstSequence: 2n ** 63n - 3n, lastSequence: 2n ** 63n - 1n };
    expect(decodeManifest(encodeManifest(large))).toEqual(large);
  });

  it.each([
    ["another format", { format: 2 }],
    ["rows that its numbers do not have", { rows: 4 }],
    ["a number that is none", { firstSequence: "-1" }],
    ["a hash that is too short", { lastHash: "00" }],
    ["a tag too few", { tags: "AAAA" }],
    ["no key", { key: "" }],
    ["a size below nothing", { bytes: -1 }],
  ])("with %s is none", (_, change) => {
    const fields = { ...JSON.parse(utf8Text(encodeManifest(manifest))), ...change };
    expect(decodeManifest(utf8(JSON.stringify(fields)))).toBeUndefined();
  });

  it("that is no JSON is none", () => {
    for (const text of ["", "{", "[]", "null"]) expect(decodeManifest(utf8(text))).toBeUndefined();
  });

  it("knows its records one by one, and no others", () => {
    expect(lines.map((line, place) => hasTag(manifest, BigInt(place + 1), line))).toEqual([
      true,
      true,
      true,
    ]);
    expect(hasTag(manifest, 1n, utf8("two"))).toBe(false);
    expect(hasTag(manifest, 0n, utf8("one"))).toBe(false);
    expect(hasTag(manifest, 4n, utf8("one"))).toBe(false);
  });
});
