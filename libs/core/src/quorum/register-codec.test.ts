import type { GrantId, SessionId } from "@holdfast/base/ids";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeAccepted, encodeAccepted } from "./register-codec.ts";
import { emptyRegister, type RegisterValue } from "./register-value.ts";

const requests = fc
  .record({
    grantId: fc.string().map((text) => text as GrantId),
    session: fc.string().map((text) => text as SessionId),
    region: fc.constantFrom("us-east-1", "eu-west-1"),
    ttlMs: fc.nat(),
    mode: fc.constantFrom("exclusive" as const, "shared" as const),
    owner: fc.string({ unit: "grapheme" }),
    atMs: fc.nat(),
    metadata: fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }),
    isDelegation: fc.boolean(),
  })
  .map(({ isDelegation, ...request }) => {
    return isDelegation ? { ...request, delegation: true as const } : request;
  });
const values: fc.Arbitrary<RegisterValue> = fc.record({
  token: fc.bigInt({ min: 0n, max: 2n ** 63n }),
  holders: fc.array(
    fc.tuple(requests, fc.bigInt({ min: 0n })).map(([request, token]) => ({ ...request, token })),
  ),
  waiters: fc.array(requests),
  recent: fc.array(
    fc.record({
      grantId: fc.string().map((text) => text as GrantId),
      fate: fc.constantFrom("released" as const, "lost" as const),
      version: fc.nat(),
    }),
  ),
  version: fc.nat(),
});
const ballot = { round: 5, proposer: 2, incarnation: 1 };

test("a value is read back as it was stored", () => {
  fc.assert(
    fc.property(values, (value) => {
      expect(decodeAccepted(encodeAccepted(ballot, value))).toEqual({ ballot, value });
    }),
  );
});

test("what is cut short, damaged or of another version is not read at all", () => {
  const bytes = encodeAccepted(ballot, emptyRegister);
  for (let length = 0; length < bytes.length; length++) {
    expect(decodeAccepted(bytes.subarray(0, length))).toBeUndefined();
  }
  const newer = Uint8Array.from(bytes);
  newer[16] = 2;
  expect(decodeAccepted(newer)).toBeUndefined();
});

test("a free register takes less than 100 bytes", () => {
  expect(encodeAccepted(ballot, emptyRegister).length).toBeLessThan(100);
});
