import { utf8, utf8Text } from "@holdfast/base/bytes";
import type { GrantId, SessionId } from "@holdfast/base/ids";
import { limits } from "@holdfast/core/limits";
import { ballotBytes } from "@holdfast/core/quorum/ballot";
import { encodeAccepted } from "@holdfast/core/quorum/register-codec";
import {
  emptyRegister,
  type RegisterValue,
  registerLimits,
} from "@holdfast/core/quorum/register-value";
import { holderOf, requestOf } from "@holdfast/core/quorum/testing/requests";
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

test("a register is read that is as full as one can be of what is written longest", () => {
  // Each of these bytes is six where it is stored, and each key of one or two has quotes as well.
  const odd = Array.from({ length: 24 }, (_, index) =>
    String.fromCharCode(index < 8 ? index : index + 8),
  );
  const keys = [...odd, ...odd.flatMap((one) => odd.map((two) => one + two))];
  const metadata: Record<string, string> = {};
  let bytes = 0;
  for (const key of keys) {
    if (bytes + key.length > limits.globalMetadataBytesMax) break;
    metadata[key] = "";
    bytes += key.length;
  }
  const fullest = {
    session: `~${"s".repeat(64)}` as SessionId,
    region: "r".repeat(64),
    ttlMs: limits.globalTtlMs.max,
    mode: "shared",
    owner: "\u0001".repeat(limits.globalOwnerBytesMax),
    metadata,
    atMs: Number.MAX_SAFE_INTEGER,
  } as const;
  const nameOf = (index: number) => `${index}`.padStart(64, "g");
  const inLine = 3 * registerLimits.waitersPerRegion;
  const full: RegisterValue = {
    token: 2n ** 64n - 1n,
    version: Number.MAX_SAFE_INTEGER,
    holders: Array.from({ length: registerLimits.sharedHolders }, (_, index) => {
      return holderOf(nameOf(index), { ...fullest, token: 2n ** 64n - 1n });
    }),
    waiters: Array.from({ length: inLine }, (_, index) => {
      return requestOf(nameOf(100 + index), fullest);
    }),
    recent: Array.from({ length: registerLimits.recent }, (_, index) => {
      const grantId = nameOf(200 + index) as GrantId;
      return { grantId, fate: "cancelled", version: Number.MAX_SAFE_INTEGER };
    }),
  };
  const written = encodeAccepted(ballot, full);
  expect(written.length).toBeGreaterThan(200_000);
  expect(readAccepted(written)?.value).toEqual(full);
});

test("a register beyond its size is not even looked at", () => {
  expect(readAccepted(new Uint8Array(registerBytesMax + 1))).toBeUndefined();
});
