import { utf8 } from "@holdfast/base/bytes";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeLines, encodeLine } from "./archive-lines.ts";

const join = (lines: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(lines.map(encodeLine)));

test("whatever bytes were chained come back, each as one line", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.constantFrom("\n", '{"base64":"', '{"base64":"AA=="}', "a\nb", "").map(utf8),
  );
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 8 }), (records) => {
      const content = join(records);
      expect(content.filter((byte) => byte === 10)).toHaveLength(records.length);
      expect(decodeLines(content)).toEqual(records);
    }),
  );
});

test("an event is its own line, which every tool can read", () => {
  expect(Buffer.from(encodeLine(utf8('{"v":1}'))).toString()).toBe('{"v":1}\n');
});

test("content that was cut off is none", () => {
  expect(decodeLines(utf8("one\ntwo"))).toBeUndefined();
  expect(decodeLines(utf8(""))).toEqual([]);
});
