import type { RequestId, SessionId } from "@holdfast/base/ids";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeRecord, encodeRecord, type LockRecord, sameRequest, tokenOf } from "./record.ts";

const record: LockRecord = {
  owner: "worker-1",
  session: "S" as SessionId,
  ttlMs: 15_000,
  mode: "exclusive",
  requestId: "R" as RequestId,
  metadata: { host: "a" },
  epoch: 2,
  atMs: 1_700_000_000_000,
};

test("a record survives its encoding, whatever text is in it", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme" }),
      fc.dictionary(fc.string(), fc.string()),
      (owner, metadata) => {
        const full = { ...record, owner, metadata };
        expect(decodeRecord(encodeRecord(full))).toEqual(full);
        const { session: _, ...bare } = { ...full, mode: "shared" as const };
        expect(decodeRecord(encodeRecord(bare))).toEqual(bare);
      },
    ),
  );
});

test("it starts with a version, and another version is not guessed at", () => {
  const bytes = encodeRecord(record);
  expect(bytes[0]).toBe(1);
  bytes[0] = 2;
  expect(decodeRecord(bytes)).toBeUndefined();
  expect(decodeRecord(new Uint8Array())).toBeUndefined();
  expect(decodeRecord(new TextEncoder().encode("\x01{"))).toBeUndefined();
});

test("the token comes from the epoch it was written under, whatever the epoch is now", () => {
  const kv = { key: "k", value: new Uint8Array(), createRevision: 9n, modRevision: 12n, lease: 0n };
  expect(tokenOf(kv, record)).toBe((2n << 44n) | 9n);
});

test("a repeat with other arguments is another request", () => {
  expect(sameRequest(record, { ...record, epoch: 3, atMs: 1, ttlMs: 1 })).toBe(true);
  // A repeat comes through another router, in whose trace it is another step.
  expect(sameRequest(record, { ...record, traceparent: "00-0a-0b-01" })).toBe(true);
  expect(sameRequest(record, { ...record, mode: "shared" })).toBe(false);
  expect(sameRequest(record, { ...record, owner: "other" })).toBe(false);
  expect(sameRequest(record, { ...record, metadata: { host: "b" } })).toBe(false);
  expect(sameRequest(record, { ...record, metadata: {} })).toBe(false);
  const { session: _, ...bare } = record;
  expect(sameRequest(bare, { ...bare, ttlMs: 1 })).toBe(false);
});
