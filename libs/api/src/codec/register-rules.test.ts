import { utf8, utf8Text } from "@holdfast/base/bytes";
import type { SessionId } from "@holdfast/base/ids";
import { ballotBytes } from "@holdfast/core/quorum/ballot";
import { encodeAccepted } from "@holdfast/core/quorum/register-codec";
import { emptyRegister, type RegisterValue } from "@holdfast/core/quorum/register-value";
import { holderOf } from "@holdfast/core/quorum/testing/requests";
import fc from "fast-check";
import { expect, test } from "vitest";
import { arbitraryAccepted } from "../testing/arbitrary-votes.ts";
import { readAccepted, registerBytesMax } from "./register-rules.ts";

const ballot = { round: 3, proposer: 1, incarnation: 2 };
const holder = holderOf("grant", { session: "session" as SessionId });
const value: RegisterValue = { ...emptyRegister, holders: [holder], version: 4 };

/** The stored form, its JSON changed. */
function bent(change: (json: Record<string, unknown>) => void): Uint8Array {
  const bytes = encodeAccepted(ballot, value);
  const head = bytes.subarray(0, ballotBytes + 1);
  const json = JSON.parse(utf8Text(bytes.subarray(ballotBytes + 1)));
  change(json);
  return Buffer.concat([head, utf8(JSON.stringify(json))]);
}

test("every register is read as it was written", () => {
  fc.assert(
    fc.property(arbitraryAccepted, (accepted) => {
      const bytes = encodeAccepted(accepted.ballot, accepted.value);
      expect(readAccepted(bytes)).toEqual(accepted);
    }),
  );
});

test("a register that was cut short anywhere is refused", () => {
  const bytes = encodeAccepted(ballot, value);
  for (let length = 0; length < bytes.length; length++) {
    expect(readAccepted(bytes.subarray(0, length))).toBeUndefined();
  }
});

test("a register of another version is refused", () => {
  const bytes = encodeAccepted(ballot, value);
  bytes[ballotBytes] = 2;
  expect(readAccepted(bytes)).toBeUndefined();
});

test("a register with a field that this version does not know is refused, not shortened", () => {
  expect(readAccepted(bent(() => {}))).toBeDefined();
  expect(readAccepted(bent((json) => Object.assign(json, { x: 1 })))).toBeUndefined();
});

test.each<[string, (json: Record<string, unknown>) => void]>([
  ["no holders", (json) => delete json.h],
  ["holders that are no list", (json) => Object.assign(json, { h: {} })],
  ["a token below 0", (json) => Object.assign(json, { t: "-1" })],
  ["a token that is no number", (json) => Object.assign(json, { t: "x" })],
  ["a version with a fraction", (json) => Object.assign(json, { v: 1.5 })],
  ["an end that is none", (json) => Object.assign(json, { r: [["g", "sold", 1]] })],
  ["a waiter that is nobody", (json) => Object.assign(json, { w: [{}] })],
  ["an owner that is a number", (json) => Object.assign((json.h as object[])[0] ?? {}, { o: 5 })],
  ["a session with a slash", (json) => Object.assign((json.h as object[])[0] ?? {}, { s: "a/b" })],
])("a register with %s is refused", (_, change) => {
  expect(readAccepted(bent(change))).toBeUndefined();
});

test("a register beyond its size is not even looked at", () => {
  expect(readAccepted(new Uint8Array(registerBytesMax + 1))).toBeUndefined();
});
