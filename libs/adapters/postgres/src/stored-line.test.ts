import { utf8, utf8Text } from "@holdfast/base/bytes";
import { append, genesis } from "@holdfast/core/audit/chain";
import type { AuditEvent } from "@holdfast/core/audit/event";
import { encodeEvent } from "@holdfast/core/audit/event-codec";
import { anyEvent } from "@holdfast/core/audit/testing/arbitrary-events";
import { ledgerRow } from "@holdfast/engine/ledger-row";
import type { LedgerRow } from "@holdfast/engine/ports/ledger";
import { ChainedRows } from "@holdfast/engine/testing/chained-rows";
import fc from "fast-check";
import { expect, test } from "vitest";
import { lineOf, storedLine } from "./stored-line.ts";

const [row] = new ChainedRows("c").next(1, Date.UTC(2026, 0, 1)) as [LedgerRow];

test("a line is stored without what its columns say", () => {
  expect(utf8Text(storedLine(row))).toBe(
    ',"mode":"exclusive","owner":"worker-1","session":"session-1","ttlMs":10000}',
  );
});

test("the line of every event comes back byte for byte", () => {
  fc.assert(
    fc.property(anyEvent, fc.integer({ min: 0, max: 4e12 }), (arbitrary: AuditEvent, atMs) => {
      const event = { ...arbitrary, atMs };
      const line = utf8(encodeEvent(event));
      const made = ledgerRow(event, append(genesis(event.cluster), line));
      expect(lineOf(made, storedLine(made))).toEqual(line);
    }),
  );
});

test("bytes that are no event's line come back as they were", () => {
  const odd = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.string().map(utf8),
    fc.nat(row.line.length).map((length) => row.line.slice(0, length)),
    fc.uint8Array({ minLength: 1, maxLength: 9 }).map((more) => Buffer.concat([row.line, more])),
  );
  fc.assert(
    fc.property(odd, (bytes) => {
      const line = Uint8Array.from(bytes);
      expect(lineOf(row, storedLine({ ...row, line }))).toEqual(line);
    }),
  );
});

test.each([0x00, 0x7b])("a line whose tail would begin with byte %i is stored whole", (byte) => {
  const head = row.line.length - storedLine(row).length;
  const line = row.line.slice();
  line[head] = byte;
  const stored = storedLine({ ...row, line });
  expect(stored.length).toBe(line.length);
  expect(lineOf(row, stored)).toEqual(line);
});

test("a line that was stored whole is read as it is", () => {
  expect(lineOf(row, row.line)).toEqual(row.line);
});

test("a column that was edited shows in the line", () => {
  const stored = storedLine(row);
  expect(lineOf({ ...row, token: 11n }, stored)).not.toEqual(row.line);
});
