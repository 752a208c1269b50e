import { utf8 } from "@holdfast/base/bytes";
import type { Ledger } from "@holdfast/engine/ports/ledger";
import { parkedBytesMax, parkedRowsMax } from "@holdfast/engine/ports/ledger-records";
import { describe, expect, it } from "vitest";
import { answered, digest, lock, noonMs, partOf } from "./ledger-rows.ts";
import { giveEachTest, ledgers } from "./ledgers.ts";

const today = "2026-11-22";

describe.each(ledgers)("$name as a ledger, beside its rows", (kind) => {
  let ledger: Ledger;
  giveEachTest(kind, (made) => {
    ledger = made.ledger;
  });

  it("keeps violations once, latest found first", async () => {
    const found = (id: string, foundAtMs: number, lockOfIt = {}) => ({
      id,
      rule: "overlapping-tenures",
      ...lockOfIt,
      atMs: noonMs,
      foundAtMs,
      message: "two holders 🔒",
      events: [{ cluster: "c1", revision: 2n ** 62n, index: 1 }],
    });
    const [old, tie, late] = [found("b", 1), found("c", 1, { lock }), found("a", 2)] as const;
    expect(await ledger.recordViolations([old, tie, late])).toEqual({ kind: "recorded" });
    expect(await ledger.recordViolations([old])).toEqual({ kind: "recorded" });
    const window = { fromMs: 0, toMs: 10 };
    const first = answered(await ledger.violations({ ...window, limit: 2 }), "list");
    expect(first.items).toEqual([late, tie]);
    const rest = await ledger.violations({ ...window, limit: 2, after: first.next ?? "" });
    expect(rest).toEqual({ kind: "list", items: [old] });
    const bad = await ledger.violations({ ...window, limit: 2, after: "x" });
    expect(bad).toMatchObject({ kind: "refused", reason: "invalid" });
  });

  describe("parked records", () => {
    const parked = (id: string, parkedAtMs: number, parts: object = {}) => ({
      ...{ id, topic: "holdfast.events.v1", partition: 3, offset: 2n ** 62n, parkedAtMs },
      ...{ reason: "unknown-version", message: "version 9 🔒" },
      ...{ key: utf8("n/l"), value: new Uint8Array([0, 255, 10]), headers: { seq: "1" } },
      ...parts,
    });

    it("are kept once, as they were, earliest first", async () => {
      const strange = { "\0": "\ud800 \u2028", "": "" };
      const [early, tie, late] = [
        parked("b", 1, { key: new Uint8Array(), headers: strange }),
        parked("c", 1, { value: new Uint8Array() }),
        parked("a", 2),
      ] as const;
      expect(await ledger.park([late, tie, early])).toEqual({ kind: "recorded" });
      const again = [parked("a", 7, { message: "later" })];
      expect(await ledger.park(again)).toEqual({ kind: "recorded" });
      expect(await ledger.park([])).toEqual({ kind: "recorded" });
      const first = answered(await ledger.parked({ limit: 2 }), "list");
      expect(first.items).toEqual([early, tie]);
      const rest = await ledger.parked({ limit: 2, after: first.next ?? "" });
      expect(rest).toEqual({ kind: "list", items: [late] });
      const bad = await ledger.parked({ limit: 2, after: "x" });
      expect(bad).toMatchObject({ kind: "refused", reason: "invalid" });
    });

    it("are refused, all of them, where one is larger than any record", async () => {
      const large = parked("a", 1, { value: new Uint8Array(parkedBytesMax) });
      const refusal = { kind: "refused", reason: "invalid" };
      expect(await ledger.park([parked("b", 1), large])).toMatchObject(refusal);
      const many = Array.from({ length: parkedRowsMax + 1 }, (_, place) => parked(`${place}`, 1));
      expect(await ledger.park(many)).toMatchObject(refusal);
      expect(await ledger.park([parked("b", 1, { message: "\0" })])).toMatchObject(refusal);
      expect(await ledger.parked({ limit: parkedRowsMax })).toEqual({ kind: "list", items: [] });
      expect(await ledger.parked({ limit: parkedRowsMax + 1 })).toMatchObject(refusal);
    });
  });

  it("keeps which object holds which rows, and refuses another in its place", async () => {
    const parts = [
      ...[partOf(today, 0), partOf(today, 1)],
      ...[partOf(today, 0, "c2"), partOf("2026-11-23", 0)],
    ];
    for (const each of [...parts].reverse()) {
      expect(await ledger.recordArchived(each)).toEqual({ kind: "recorded" });
    }
    const again = { ...partOf(today, 0), archivedAtMs: noonMs + 1 };
    expect(await ledger.recordArchived(again)).toEqual({ kind: "recorded" });
    const other = { ...partOf(today, 0), sha256: digest("other") };
    expect(await ledger.recordArchived(other)).toMatchObject({
      kind: "refused",
      reason: "conflict",
    });
    const first = answered(await ledger.archived({ limit: 3 }), "list");
    expect(first.items).toEqual(parts.slice(0, 3));
    const rest = await ledger.archived({ limit: 3, after: first.next ?? "" });
    expect(rest).toEqual({ kind: "list", items: parts.slice(3) });
    const ofCluster = { cluster: "c2", fromDay: today, toDay: today, limit: 10 };
    expect(await ledger.archived(ofCluster)).toEqual({ kind: "list", items: [parts[2]] });
  });
});
