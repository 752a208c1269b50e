import { utf8, utf8Text } from "@holdfast/base/bytes";
import { append, headOf } from "@holdfast/core/audit/chain";
import { expect, test } from "vitest";
import {
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
  firstCheckpoint,
} from "./checkpoint.ts";

const first = firstCheckpoint("test/here/s0/12345678");
const head = headOf(append(first.done.head, utf8("a")));
const later: Checkpoint = {
  done: { revision: 2n ** 60n, head, bookmark: { markMs: 5, closing: new Set(["r", "s"]) } },
  intended: { revision: 2n ** 60n + 7n, head: headOf(append(head, utf8("b"))) },
};
const inGap: Checkpoint = {
  ...later,
  gap: { missingFrom: 3n, missingTo: 2n ** 60n, after: "x/012/default/l/\0g", index: 500 },
};

test.each([
  ["the first", first],
  ["a later one", later],
  ["one in a gap", inGap],
])("%s comes back from what is stored", (_which, checkpoint) => {
  expect(decodeCheckpoint(encodeCheckpoint(checkpoint))).toEqual(checkpoint);
});

test("an operator can read how far it is", () => {
  const stored = JSON.parse(utf8Text(encodeCheckpoint(later)));
  expect(stored).toMatchObject({ cluster: "test/here/s0/12345678", revision: `${2n ** 60n}` });
});

test.each([
  ["nothing", ""],
  ["null", "null"],
  ["another version", utf8Text(encodeCheckpoint(later)).replace('"v":1', '"v":2')],
  ["a revision that is no number", utf8Text(encodeCheckpoint(later)).replace("11529", "x")],
  ["a hash that was cut", utf8Text(encodeCheckpoint(later)).replace(/"hash":"../, '"hash":"')],
  ["no intention", utf8Text(encodeCheckpoint(later)).replace("intended", "intent")],
  ["no closing sessions", utf8Text(encodeCheckpoint(later)).replace("closing", "closed")],
  ["half a gap", utf8Text(encodeCheckpoint(inGap)).replace("missingTo", "missing")],
])("%s is not gone on from", (_what, text) => {
  expect(decodeCheckpoint(utf8(text))).toBeUndefined();
});
