import { gunzipSync } from "node:zlib";
import { utf8 } from "@holdfast/base/bytes";
import { append } from "@holdfast/core/audit/chain";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { LedgerRow } from "../ports/ledger.ts";
import { ArchiverRig } from "../testing/archiver-rig.ts";
import { ChainedRows } from "../testing/chained-rows.ts";
import type { ArchiveFinding } from "./verify-archive.ts";
import { verifyArchive } from "./verify-archive.ts";

const hourMs = 3_600_000;
const other = utf8("another");
let rig: ArchiverRig;
beforeEach(async () => {
  rig = await new ArchiverRig().start();
});

async function text(key: string): Promise<string> {
  const got = await rig.archive.get(key);
  if (got.kind !== "found") throw new Error(got.kind);
  return gunzipSync(got.bytes).toString();
}

async function findings(): Promise<ArchiveFinding[]> {
  const found: ArchiveFinding[] = [];
  await verifyArchive(rig, {}, (finding) => found.push(finding));
  return found;
}

describe("a closed day", () => {
  it("is archived line by line, and dropped once it is seven days old", async () => {
    const rows = await rig.record(2_500, 0);
    const archiver = rig.archiver();
    await rig.until(1, hourMs - 1);
    expect(await archiver.round()).toBe(true);
    expect(rig.archive.keys()).toEqual([]);
    await rig.until(1, hourMs);
    expect(await archiver.round()).toBe(true);
    const [lines = "", manifest = ""] = rig.archive.keys();
    expect(await text(lines)).toBe(rows.map(({ line }) => `${Buffer.from(line)}\n`).join(""));
    expect(manifest).toMatch(/^manifests\/day=2026-11-22\/cluster=test_2Fus-east-1_2Fs0\/part-0/);
    await rig.until(8, -1);
    expect(await archiver.round()).toBe(true);
    expect(await rig.days()).toEqual(["2026-11-22"]);
    await rig.until(8);
    expect(await archiver.round()).toBe(true);
    expect(await rig.days()).toEqual([]);
    expect(rig.archive.keys()).toHaveLength(2);
    expect(await findings()).toMatchObject([{ kind: "whole" }]);
    expect(rig.meter.read("holdfast_archive_events_total")).toBe(2_500);
    expect(rig.meter.read("holdfast_archive_days_dropped_total")).toBe(1);
    expect(rig.meter.read("holdfast_archive_damages_total")).toBe(0);
  });

  it("becomes as many objects as its bounds ask for, each going on where one ends", async () => {
    await rig.record(2_500, 0);
    await rig.record(10, 1);
    await rig.until(2, hourMs);
    const bounds = { rowsMax: 1_100, lineBytesMax: 1e9 };
    await rig.archiver({}, { bounds }).round();
    expect(await rig.parts()).toEqual(["1-1100", "1101-2200", "2201-2500", "2501-2510"]);
    expect((await findings()).map(({ kind }) => kind)).toEqual(Array(4).fill("whole"));
  });

  it("is bounded in bytes too", async () => {
    await rig.record(100, 0);
    await rig.until(1, hourMs);
    await rig.archiver({}, { bounds: { rowsMax: 1e6, lineBytesMax: 10_000 } }).round();
    const parts = await rig.parts();
    expect(parts.length).toBeGreaterThan(2);
    expect(await rig.days()).toHaveLength(1);
  });

  it("that has nothing goes without a trace", async () => {
    await rig.ledger.openDays(["2026-11-22"]);
    await rig.until(8);
    expect(await rig.archiver().round()).toBe(true);
    expect(await rig.days()).toEqual([]);
    expect(rig.archive.keys()).toEqual([]);
  });

  it("of several clusters is dropped when all of them are archived", async () => {
    const others = new ChainedRows("test/eu-west-1/s1");
    await rig.record(5, 0);
    const [first, ...rest] = others.next(5, rig.onDay(0));
    await rig.append([first as LedgerRow, ...rest.slice(1)]);
    await rig.until(8);
    expect(await rig.archiver().round()).toBe(false);
    expect(await rig.days()).toHaveLength(1);
    expect(rig.told("incomplete")).toHaveLength(1);
    await rig.append(rest);
    expect(await rig.archiver().round()).toBe(true);
    expect(await rig.days()).toEqual([]);
    expect((await findings()).map(({ kind }) => kind)).toEqual(["whole", "whole"]);
  });

  it("has another cluster's records between its own where the clock went back", async () => {
    await rig.record(5, 0);
    await rig.record(3, 1);
    await rig.record(5, 0, 2_000);
    await rig.record(4, 1, 2_000);
    await rig.until(2, hourMs);
    expect(await rig.archiver().round()).toBe(true);
    expect(await rig.parts()).toEqual(["1-5", "9-13", "6-8", "14-17"]);
    await rig.until(9);
    expect(await rig.archiver().round()).toBe(true);
    expect(await rig.days()).toEqual([]);
    expect((await findings()).every(({ kind }) => kind === "whole")).toBe(true);
  });

  it("that no time mark came before is kept for as long as others, counted from its archiving", async () => {
    await rig.append(rig.cluster.next(3, 0, 0));
    await rig.until(1, hourMs);
    await rig.archiver().round();
    expect(await rig.days()).toEqual(["1970-01-01"]);
    await rig.until(8, hourMs);
    await rig.archiver().round();
    expect(await rig.days()).toEqual([]);
  });
});

describe("rows that come late", () => {
  it("for a day that is archived become another part of it", async () => {
    await rig.record(5, 0);
    await rig.until(1, hourMs);
    const archiver = rig.archiver();
    await archiver.round();
    await rig.record(4, 0, 5_000);
    await rig.record(2, 1);
    await archiver.round();
    await archiver.round();
    expect(await rig.parts()).toEqual(["1-5", "6-9"]);
  });

  it("for a day that was dropped become another part, and the day goes again", async () => {
    await rig.record(5, 0);
    await rig.until(8);
    const archiver = rig.archiver();
    await archiver.round();
    await rig.record(4, 0, 5_000);
    expect(await archiver.round()).toBe(true);
    expect(await rig.parts()).toEqual(["1-5", "6-9"]);
    expect(await rig.days()).toEqual([]);
  });

  it("a second time, after their day was dropped, are compared with the archive and go", async () => {
    const rows = await rig.record(9, 0);
    await rig.until(8);
    const archiver = rig.archiver();
    await archiver.round();
    await rig.append(rows.slice(3, 7));
    await rig.append(rig.cluster.next(2, rig.onDay(0, 50)));
    expect(await archiver.round()).toBe(true);
    expect(await rig.parts()).toEqual(["1-9", "10-11"]);
    expect(await rig.days()).toEqual([]);
  });

  it("and are not those that were archived keep their day, and are told", async () => {
    const rows = await rig.record(9, 0);
    await rig.until(8);
    const archiver = rig.archiver();
    await archiver.round();
    const forged = new ChainedRows("test/us-east-1/s0").next(9, rig.onDay(0, 77));
    await rig.append([rows[2] as LedgerRow, forged[3] as LedgerRow]);
    expect(await archiver.round()).toBe(false);
    expect(await rig.days()).toEqual(["2026-11-22"]);
    expect(rig.told("damaged")).toMatchObject([{ message: expect.stringContaining("Record 4") }]);
    const violations = await rig.ledger.violations({ fromMs: 0, toMs: 1e14, limit: 10 });
    expect(violations).toMatchObject({ items: [{ rule: "archive" }] });
    expect(rig.meter.read("holdfast_archive_damages_total")).toBe(1);
  });

  it("leave a hole until they are there; after an hour it is told as damage", async () => {
    const rows = rig.cluster.next(9, rig.onDay(0));
    await rig.append([...rows.slice(0, 4), ...rows.slice(5)]);
    await rig.until(1, hourMs);
    const archiver = rig.archiver();
    expect(await archiver.round()).toBe(false);
    expect(rig.told("incomplete")).toHaveLength(1);
    expect(rig.told("damaged")).toEqual([]);
    await rig.until(1, 2 * hourMs);
    await archiver.round();
    await archiver.round();
    expect(rig.told("damaged")[0]).toMatchObject({ message: expect.stringContaining("Record 5") });
    expect(rig.meter.read("holdfast_archive_damages_total")).toBe(1);
    expect(await rig.parts()).toEqual([]);
    await rig.append([rows[4] as LedgerRow]);
    expect(await archiver.round()).toBe(true);
    expect(await rig.parts()).toEqual(["1-9"]);
  });
});

describe("a day that was tampered with", () => {
  /** Rows 1 to 12 of day 0, as they are stored, and the record that is named. */
  const tamperings: Record<string, (rows: LedgerRow[]) => readonly [LedgerRow[], number]> = {
    "an edited line": (rows) => [rows.with(5, { ...(rows[5] as LedgerRow), line: other }), 6],
    "an edited hash": (rows) => [
      rows.with(5, { ...(rows[5] as LedgerRow), hash: new Uint8Array(32) }),
      6,
    ],
    "its last line edited": (rows) => [
      rows.with(11, { ...(rows[11] as LedgerRow), line: other }),
      12,
    ],
    "a column edited": (rows) => [rows.with(5, { ...(rows[5] as LedgerRow), revision: 999n }), 6],
    "a token edited": (rows) => [rows.with(5, { ...(rows[5] as LedgerRow), token: 999n }), 6],
    "a lock edited": (rows) => [
      rows.with(5, {
        ...(rows[5] as LedgerRow),
        lock: { region: "us-east-1", namespace: "orders", name: "elsewhere" },
      }),
      6,
    ],
    "two lines swapped": (rows) => {
      const [left, right] = [rows[5] as LedgerRow, rows[6] as LedgerRow];
      const swap = { sequence: right.sequence, previousHash: right.previousHash, hash: right.hash };
      const back = { sequence: left.sequence, previousHash: left.previousHash, hash: left.hash };
      return [rows.with(5, { ...left, ...swap }).with(6, { ...right, ...back }), 6];
    },
    "a fork": (rows) => {
      const forged = new ChainedRows("test/us-east-1/s0").next(9, rig.onDay(0, 7_777))[8];
      const fork = { ...(forged as LedgerRow), index: 1 };
      return [[...rows, { ...fork, previousHash: (rows[8] as LedgerRow).previousHash }], 9];
    },
  };

  for (const [what, tamper] of Object.entries(tamperings)) {
    it(`by ${what} is neither archived nor dropped, and its first bad record is told`, async () => {
      const rows = rig.cluster.next(12, rig.onDay(0));
      const [tampered, first] = tamper(rows);
      await rig.append(tampered);
      await rig.record(5, 1);
      await rig.until(9);
      const archiver = rig.archiver();
      expect(await archiver.round()).toBe(false);
      expect(await rig.days()).toEqual(["2026-11-22"]);
      // The days behind it go on.
      expect(await rig.parts()).toEqual(["13-17"]);
      const violations = await rig.ledger.violations({ fromMs: 0, toMs: 1e14, limit: 10 });
      expect(violations).toMatchObject({
        items: [{ rule: "chain", message: expect.stringMatching(new RegExp(`^Record ${first} `)) }],
      });
    });
  }
});

describe("a record that was hashed anew", () => {
  it("as the last of its day is found by the first one of the next", async () => {
    const rows = rig.cluster.next(12, rig.onDay(0));
    const [before, last] = [rows[10] as LedgerRow, rows[11] as LedgerRow];
    const { cluster, sequence, hash: previous } = before;
    const { hash } = append({ cluster, sequence, hash: previous }, other);
    await rig.append([...rows.slice(0, 11), { ...last, line: other, hash }]);
    await rig.record(5, 1);
    await rig.until(9);
    expect(await rig.archiver().round()).toBe(false);
    expect(rig.told("damaged")[0]).toMatchObject({
      day: "2026-11-22",
      message: expect.stringMatching(/^Record 12 .* was rewritten/),
    });
    expect(await rig.parts()).toEqual([]);
  });

  it("after it was archived does not keep those that follow it from the archive", async () => {
    const rows = await rig.record(5, 0);
    await rig.until(1, hourMs);
    await rig.archiver().round();
    Object.assign(rows[4] as LedgerRow, { line: other, hash: new Uint8Array(32) });
    await rig.record(4, 0, 5_000);
    await rig.archiver().round();
    expect(await rig.parts()).toEqual(["1-5", "6-9"]);
    await rig.until(8);
    expect(await rig.archiver().round()).toBe(false);
    expect(rig.told("damaged")).toMatchObject([{ message: expect.stringMatching(/^Record 5 /) }]);
  });
});

describe("an archiver that runs", () => {
  it("does a round at once and one after each pause, until it is stopped", async () => {
    await rig.record(5, 0);
    await rig.until(1, hourMs);
    const archiver = rig.archiver({}, { everyMs: 60_000 });
    const running = archiver.run();
    await vi.waitFor(() => expect(rig.clock.pendingTimers).toBe(1));
    expect(await rig.parts()).toEqual(["1-5"]);
    await rig.record(2, 0, 5_000);
    await rig.clock.advance(60_000);
    await vi.waitFor(() => expect(rig.told("stored")).toHaveLength(2));
    await vi.waitFor(() => expect(rig.clock.pendingTimers).toBe(1));
    archiver.stop();
    await running;
    expect(rig.clock.pendingTimers).toBe(0);
  });
});

describe("an archiver that is stopped", () => {
  it("ends the part it is at, and begins no other", async () => {
    await rig.record(50, 0);
    await rig.until(9);
    const archiver = rig.archiver(
      { onNews: () => archiver.stop() },
      { bounds: { rowsMax: 10, lineBytesMax: 1e9 } },
    );
    await archiver.run();
    expect(await rig.parts()).toEqual(["1-10"]);
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it("or not says what was wrong in the latest round, until one is over that had nothing", async () => {
    const rows = rig.cluster.next(3, rig.onDay(0));
    await rig.append(rows.slice(1));
    await rig.until(1, hourMs);
    const archiver = rig.archiver();
    expect(archiver.trouble).toBeUndefined();
    await archiver.round();
    expect(archiver.trouble).toContain("Record 1 ");
    await rig.append(rows.slice(0, 1));
    const round = archiver.round();
    expect(archiver.trouble).toContain("Record 1 ");
    await round;
    expect(archiver.trouble).toBeUndefined();
  });
});

describe("400 days", () => {
  it("go from partition to archive, out of the ledger, to Glacier and to its depth", async () => {
    const bounds = { rowsMax: 10, lineBytesMax: 1e9 };
    const archiver = rig.archiver({}, { bounds });
    for (let day = 0; day < 400; day++) {
      await rig.until(day, 2 * hourMs);
      await rig.record(5, day);
      expect(await archiver.round()).toBe(true);
    }
    await rig.until(400, 2 * hourMs);
    await archiver.round();
    // Nothing fell by the way.
    expect(rig.told("failed")).toEqual([]);
    expect(rig.told("damaged")).toEqual([]);
    expect(rig.told("incomplete")).toEqual([]);
    const days = await rig.days();
    expect(days).toHaveLength(7);
    expect(days[0]).toBe("2027-12-20");
    const parts = await rig.parts();
    expect(parts).toHaveLength(400);
    expect(parts.at(-1)).toBe("1996-2000");

    const classes = new Map<string, number>();
    for (const key of rig.archive.keys("lines/")) {
      const head = await rig.archive.head(key);
      const name = head.kind === "there" ? head.storageClass : head.kind;
      classes.set(name, (classes.get(name) ?? 0) + 1);
    }
    expect([...classes]).toEqual([
      ["DEEP_ARCHIVE", 35],
      ["GLACIER", 275],
      ["STANDARD", 90],
    ]);

    const before = await findings();
    const kinds = before.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "frozen")).toHaveLength(310);
    expect(kinds.filter((kind) => kind === "whole")).toHaveLength(90);

    // The oldest must be restored, which takes half a day, before anybody reads it.
    const [oldest = ""] = rig.archive.keys("lines/");
    rig.archive.restore(oldest, 3);
    expect(await rig.archive.get(oldest)).toMatchObject({ kind: "frozen", isRestoring: true });
    await rig.clock.advance(12 * hourMs);
    expect(await text(oldest)).toContain('"revision":"101"');
    expect((await findings())[0]).toMatchObject({ kind: "whole", part: { firstSequence: 1n } });
    await rig.clock.advance(3 * 24 * hourMs);
    expect(await rig.archive.get(oldest)).toMatchObject({ kind: "frozen", isRestoring: false });
  }, 60_000);
});
