import { utf8, utf8Text } from "@holdfast/base/bytes";
import { append, genesis } from "@holdfast/core/audit/chain";
import { encodeEvent } from "@holdfast/core/audit/event-codec";
import { anyEvent } from "@holdfast/core/audit/testing/arbitrary-events";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ledgerRow } from "../ledger-row.ts";
import type { LedgerRow } from "../ports/ledger.ts";
import { recordedChain } from "../testing/recorded-chain.ts";
import { lastMs } from "../utc-day.ts";
import { checkColumns } from "./row-check.ts";

const [row] = recordedChain(1, { startMs: Date.UTC(2026, 0, 1) }) as [LedgerRow];
const lock = { region: "here", namespace: "default", name: "other" };

test("the columns of whatever event are those of its line", () => {
  fc.assert(
    fc.property(anyEvent, (event) => {
      fc.pre(event.atMs <= lastMs);
      const link = append(genesis(event.cluster), utf8(encodeEvent(event)));
      expect(checkColumns(ledgerRow(event, link))).toBe("same");
    }),
  );
});

test.each<[string, Partial<LedgerRow>]>([
  ["cluster", { cluster: "c" }],
  ["revision", { revision: 11n }],
  ["index", { index: 1 }],
  ["day", { day: "2026-01-02" }],
  ["region", { region: "there" }],
  ["shard", { shard: "s1" }],
  ["kind", { kind: "LockReleased" }],
  ["grantId", { grantId: "g" }],
  ["token", { token: 101n }],
  ["session", { session: "s" }],
  ["lock", { lock }],
])("an edited %s is named", (name, change) => {
  expect(checkColumns({ ...row, ...change })).toEqual([name]);
});

test("a column that is missing is named, and a time moves its day", () => {
  const { token: _token, lock: _lock, ...rest } = row;
  expect(checkColumns(rest)).toEqual(["token", "lock"]);
  expect(checkColumns({ ...row, atMs: row.atMs - 1 })).toEqual(["atMs", "day"]);
});

test("a line of a newer version is not compared, and one that is none is named", () => {
  const newer = utf8Text(row.line).replace('"v":1', '"v":2');
  expect(checkColumns({ ...row, line: utf8(newer) })).toBe("unknown");
  const unheard = utf8Text(row.line).replace("LockAcquired", "LockLent");
  expect(checkColumns({ ...row, line: utf8(unheard) })).toBe("unknown");
  for (const line of ["", "null", "{"]) {
    expect(checkColumns({ ...row, line: utf8(line) })).toEqual(["line"]);
  }
});
