import { utf8 } from "@holdfast/base/bytes";
import { batchRowsMax, type Ledger, type LedgerRow } from "@holdfast/engine/ports/ledger";
import { describe, expect, it } from "vitest";
import {
  allRows,
  answered,
  appended,
  dayMs,
  lock,
  noonMs,
  rowOf,
  rowsFrom,
} from "./ledger-rows.ts";
import { giveEachTest, type LedgerUnderTest, ledgers } from "./ledgers.ts";

const everything = { fromMs: 0, toMs: noonMs + 400 * dayMs };
const today = "2026-11-22";

describe.each(ledgers)("$name as a ledger", (kind) => {
  let ledger: Ledger;
  let held: LedgerUnderTest;
  giveEachTest(kind, (made) => {
    held = made;
    ledger = made.ledger;
  });

  const chain = (limit = 1_000, cluster = "c1") =>
    allRows((after) => ledger.chain({ cluster, limit, ...after }));
  const timeline = (limit = 1_000) =>
    allRows((after) => ledger.timeline({ lock, ...everything, limit, ...after }));

  describe("appending", () => {
    it("gives back every row as it was appended", async () => {
      const {
        lock: _lock,
        grantId: _grant,
        token: _token,
        session: _session,
        ...least
      } = rowOf({
        revision: 2n,
        kind: "AuditGap",
      });
      const full = rowOf({ index: 7, line: new Uint8Array([0, 1, 0x5c, 0x22, 0xff, 10]) });
      await appended(ledger, [full, least]);
      expect(await chain()).toEqual([full, least]);
    });

    it("keeps the largest numbers and the earliest and latest times", async () => {
      const most = 2n ** 63n - 1n;
      const rows = [
        rowOf({ revision: 0n, sequence: 0n, token: 0n, atMs: 0 }),
        rowOf({
          revision: most,
          sequence: most,
          token: most,
          index: 2 ** 31 - 1,
          atMs: Date.UTC(9999, 11, 31, 23, 59, 59, 999),
        }),
      ];
      await appended(ledger, rows);
      expect(await chain()).toEqual(rows);
    });

    it("keeps characters of every plane, in the lock's name as in the line", async () => {
      const planes = Array.from({ length: 17 }, (_, plane) =>
        String.fromCodePoint(plane * 0x10000 + 0xabcd),
      ).join("");
      const name = `${planes}"\\{},'%_\u0001\u2028`;
      const strange = { ...lock, name };
      const row = rowOf({ lock: strange, session: planes, grantId: name, line: utf8(planes) });
      await appended(ledger, [row]);
      const query = { lock: strange, ...everything, limit: 10 };
      expect(answered(await ledger.timeline(query), "page").rows).toEqual([row]);
      const session = answered(await ledger.session({ session: planes, limit: 10 }), "page");
      expect(session.rows).toEqual([row]);
    });

    it("takes the same rows again without a change", async () => {
      const rows = rowsFrom(1, 5);
      await appended(ledger, rows.slice(0, 3));
      const again = await ledger.append(rows);
      expect(again).toEqual({ kind: "appended", added: 2, conflicts: [], lateDays: [] });
      expect(await ledger.append(rows)).toMatchObject({ added: 0, conflicts: [] });
      expect(await chain()).toEqual(rows);
    });

    it("tells of a row that is there with another hash, keeps it, and appends the rest", async () => {
      const first = rowOf();
      await appended(ledger, [first]);
      const other = rowOf({ line: utf8("forged") });
      const news = rowOf({ revision: 2n });
      expect(await ledger.append([other, news])).toEqual({
        kind: "appended",
        added: 1,
        conflicts: [
          {
            identity: { day: today, cluster: "c1", revision: 1n, index: 0 },
            storedHash: first.hash,
            givenHash: other.hash,
          },
        ],
        lateDays: [],
      });
      expect(await chain()).toEqual([first, news]);
    });

    it("takes the first of two rows with one identity in one batch", async () => {
      const first = rowOf();
      const other = rowOf({ line: utf8("other") });
      const reply = answered(await ledger.append([first, first, other]), "appended");
      expect(reply.added).toBe(1);
      expect(reply.conflicts).toHaveLength(1);
      expect(await chain()).toEqual([first]);
    });

    it("appends a thousand rows at once, and the largest batch", async () => {
      await appended(ledger, rowsFrom(1, 1_000));
      await appended(ledger, rowsFrom(1_001, batchRowsMax));
      expect(answered(await ledger.head("c1"), "head").row?.sequence).toBe(11_000n);
      const days = answered(await ledger.days({ limit: 10 }), "days").days;
      expect(days[0]?.clusters[0]?.rows).toBe(11_000);
    });

    it("does nothing for a batch without rows", async () => {
      expect(await ledger.append([])).toMatchObject({ kind: "appended", added: 0 });
    });

    it.each<[string, Partial<LedgerRow>]>([
      ["another day than its time's", { day: "2026-11-21" }],
      ["a short hash", { hash: new Uint8Array(31) }],
      ["a token below zero", { token: -1n }],
      ["a revision of 64 bits", { revision: 2n ** 63n }],
      ["half an index", { index: 0.5 }],
      ["no cluster", { cluster: "" }],
      ["a NUL in a text", { session: "a\0b" }],
      ["half a surrogate pair", { lock: { ...lock, name: "\ud800" } }],
      ["a line that is too long", { line: new Uint8Array(64 * 1024 + 1) }],
    ])("refuses the whole batch for a row with %s", async (_, parts) => {
      const reply = await ledger.append([rowOf({ revision: 9n, sequence: 9n }), rowOf(parts)]);
      expect(reply).toMatchObject({ kind: "refused", reason: "invalid" });
      expect(await chain()).toEqual([]);
    });

    it("refuses a batch that is too large", async () => {
      const reply = await ledger.append(rowsFrom(1, batchRowsMax + 1));
      expect(reply).toMatchObject({ kind: "refused", reason: "invalid" });
    });

    it("says that its space is used up, has nothing of the batch, and goes on when there is space", async () => {
      await appended(ledger, rowsFrom(1, 2));
      await held.useUpSpace(true);
      const reply = await ledger.append(rowsFrom(3, 10));
      expect(reply).toMatchObject({ kind: "refused", reason: "no-space" });
      expect(await chain()).toHaveLength(2);
      await held.useUpSpace(false);
      await appended(ledger, rowsFrom(3, 10));
    });

    it("lets writers append the same rows at once in any order, and has each once", async () => {
      // So many that two statements certainly run side by side.
      const rows = rowsFrom(1, 4_000);
      const reversed = [...rows].reverse();
      const batches = [rows, reversed, rows.slice(1_000), reversed.slice(1_000)];
      const replies = await Promise.all(batches.map((batch) => ledger.append(batch)));
      const added = replies.map((reply) => answered(reply, "appended").added);
      expect(added.reduce((sum, each) => sum + each, 0)).toBe(4_000);
      expect(await chain()).toEqual(rows);
    });
  });

  describe("the timeline of a lock", () => {
    it("has the lock's rows of the window, both ends included, and no other lock's", async () => {
      const rows = rowsFrom(1, 10);
      const others = [
        { ...lock, name: "o/2" },
        { ...lock, namespace: "other" },
        { ...lock, region: "global" },
      ].map((other, place) => rowOf({ revision: BigInt(50 + place), lock: other }));
      await appended(ledger, [...others, ...rows]);
      const window = { fromMs: noonMs + 2, toMs: noonMs + 5 };
      const reply = await ledger.timeline({ lock, ...window, limit: 100 });
      expect(reply).toEqual({ kind: "page", rows: rows.slice(2, 6) });
      const empty = { fromMs: noonMs + 5, toMs: noonMs + 2 };
      expect(await ledger.timeline({ lock, ...empty, limit: 1 })).toEqual({
        kind: "page",
        rows: [],
      });
    });

    it("orders rows of one millisecond by the clusters' coming, revision and index", async () => {
      const at = (cluster: string, revision: bigint, index: number) =>
        rowOf({ cluster, revision, index });
      const inOrder = [at("z", 1n, 0), at("z", 2n, 0), at("z", 2n, 1), at("a", 1n, 0)];
      await appended(ledger, [inOrder[0], inOrder[3], inOrder[2], inOrder[1]] as LedgerRow[]);
      expect(await timeline(1)).toEqual(inOrder);
    });

    it("goes over midnight in both directions", async () => {
      const midnightMs = Date.UTC(2026, 10, 23);
      const rows = rowsFrom(1, 4, { atMs: midnightMs - 2 });
      expect(rows.map((row) => row.day)).toEqual([today, today, "2026-11-23", "2026-11-23"]);
      await appended(ledger, rows);
      expect(await timeline(1)).toEqual(rows);
      const before = { lock, atMs: midnightMs, limit: 10 };
      const reply = answered(await ledger.lockBefore(before), "page");
      expect(reply.rows).toEqual(rows.slice(0, 3).reverse());
      const lastOfDay = { lock, fromMs: 0, toMs: midnightMs - 1, limit: 10 };
      expect(answered(await ledger.timeline(lastOfDay), "page").rows).toEqual(rows.slice(0, 2));
    });

    it("misses nothing that was there and doubles nothing while rows arrive between pages", async () => {
      const rows = rowsFrom(1, 30).map((row) =>
        rowOf({ revision: row.revision * 10n, atMs: row.atMs }),
      );
      await appended(ledger, rows);
      const seen: LedgerRow[] = [];
      let fresh = 1;
      const late = await allRows(async (after) => {
        const page = await ledger.timeline({ lock, ...everything, limit: 4, ...after });
        seen.push(...answered(page, "page").rows);
        // Before, within and behind what has been told so far.
        for (const atMs of [noonMs - 5, noonMs + fresh, noonMs + 100 + fresh]) {
          fresh += 1;
          if (fresh < 60)
            await appended(ledger, [rowOf({ revision: BigInt(1_000 + fresh), atMs })]);
        }
        return page;
      });
      const keys = late.map((row) => row.revision);
      expect(new Set(keys).size).toBe(keys.length);
      expect(rows.filter((row) => !keys.includes(row.revision))).toEqual([]);
      expect(late.map((row) => row.atMs)).toEqual(
        late.map((row) => row.atMs).sort((left, right) => left - right),
      );
    });

    it("refuses a cursor of another question, and one that is none", async () => {
      await appended(ledger, rowsFrom(1, 5));
      const { next } = answered(await ledger.chain({ cluster: "c1", limit: 1 }), "page");
      for (const after of [next ?? "", "", "AAAA", "]"]) {
        const reply = await ledger.timeline({ lock, ...everything, limit: 1, after });
        expect(reply).toMatchObject({ kind: "refused", reason: "invalid" });
      }
    });

    it.each([0, -1, 1.5, 1_001, Number.NaN])("refuses a limit of %s", async (limit) => {
      const reply = await ledger.timeline({ lock, ...everything, limit });
      expect(reply).toMatchObject({ kind: "refused", reason: "invalid" });
    });
  });

  it("tells what was known of a lock at a moment, newest first, in pages", async () => {
    const rows = rowsFrom(1, 10);
    await appended(ledger, rows);
    const at = { lock, atMs: noonMs + 6 };
    const found = await allRows((after) => ledger.lockBefore({ ...at, limit: 3, ...after }));
    expect(found).toEqual(rows.slice(0, 7).reverse());
    const early = await ledger.lockBefore({ lock, atMs: noonMs - 1, limit: 3 });
    expect(early).toEqual({ kind: "page", rows: [] });
  });

  it("tells everything of a session, over days, locks and clusters", async () => {
    const rows = [0, 1, 2, 3].map((place) =>
      rowOf({
        revision: BigInt(place + 1),
        atMs: noonMs + place * dayMs,
        cluster: place % 2 === 0 ? "c1" : "c2",
        lock: { ...lock, name: `n${place}` },
      }),
    );
    await appended(ledger, [...rows, rowOf({ revision: 99n, session: "session-2" })]);
    const ask = (after: object) => ledger.session({ session: "session-1", limit: 3, ...after });
    expect(await allRows(ask)).toEqual(rows);
    expect(await ledger.session({ session: "session-3", limit: 3 })).toMatchObject({ rows: [] });
  });

  it("tells for which locks most waiters queued, each waiter counted once", async () => {
    let revision = 0n;
    const queued = (name: string, grantId: string, parts: Partial<LedgerRow> = {}) => {
      revision += 1n;
      return rowOf({ revision, kind: "WaiterQueued", lock: { ...lock, name }, grantId, ...parts });
    };
    await appended(ledger, [
      queued("one", "a"),
      queued("three", "b"),
      queued("three", "c"),
      queued("three", "d"),
      // A global waiter is seen in each region.
      queued("three", "d", { cluster: "c2" }),
      queued("two", "e"),
      queued("two", "f", { atMs: noonMs + dayMs }),
      queued("also-one", "g"),
      queued("early", "h", { atMs: noonMs - 1 }),
      queued("late", "i", { atMs: noonMs + dayMs + 1 }),
      rowOf({ revision: 1_000n, lock: { ...lock, name: "held" } }),
    ]);
    const window = { fromMs: noonMs, toMs: noonMs + dayMs };
    const reply = answered(await ledger.contended({ ...window, limit: 10 }), "contended");
    expect(reply.locks.map((each) => [each.lock.name, each.waiters])).toEqual([
      ["three", 3],
      ["two", 2],
      ["also-one", 1],
      ["one", 1],
    ]);
    const top = answered(await ledger.contended({ ...window, limit: 1 }), "contended");
    expect(top.locks).toEqual([{ lock: { ...lock, name: "three" }, waiters: 3 }]);
  });

  it("tells of lost history by its time, page by page, until its day is dropped", async () => {
    const gap = (revision: bigint, atMs: number, cluster = "c1") => {
      const { lock: _, ...row } = rowOf({ revision, atMs, cluster, kind: "AuditGap" });
      return row;
    };
    const gaps = [
      gap(3n, noonMs),
      gap(5n, noonMs),
      gap(1n, noonMs, "c2"),
      gap(9n, noonMs + 1),
      gap(11n, noonMs + dayMs),
    ];
    await appended(ledger, [...rowsFrom(100, 20), ...gaps, gap(2n, noonMs - 1)]);
    const window = { fromMs: noonMs, toMs: noonMs + dayMs };
    for (const limit of [1, 2, 1_000]) {
      expect(await allRows((after) => ledger.gaps({ ...window, limit, ...after }))).toEqual(gaps);
    }
    const rows = answered(
      await ledger.days({ fromDay: today, toDay: today, limit: 1 }),
      "days",
    ).days[0]?.clusters.reduce((sum, each) => sum + each.rows, 0);
    expect(await ledger.dropDay(today, rows ?? 0)).toEqual({ kind: "dropped" });
    const left = await allRows((after) => ledger.gaps({ ...window, limit: 10, ...after }));
    expect(left).toEqual(gaps.slice(4));
    const foreign = answered(await ledger.chain({ cluster: "c1", limit: 1 }), "page");
    expect(await ledger.gaps({ ...window, limit: 1, after: foreign.next ?? "x" })).toMatchObject({
      kind: "refused",
      reason: "invalid",
    });
  });

  describe("the chain of a cluster", () => {
    it("comes in the order of its sequence, whatever the order rows came in", async () => {
      const rows = rowsFrom(1, 50);
      const shuffled = rows.map((_, place) => rows[(place * 37) % 50] as LedgerRow);
      for (let at = 0; at < 50; at += 7) await appended(ledger, shuffled.slice(at, at + 7));
      await appended(ledger, [rowOf({ cluster: "c2" })]);
      expect(await chain(7)).toEqual(rows);
      expect(answered(await ledger.head("c1"), "head").row).toEqual(rows[49]);
      expect(await ledger.head("c3")).toEqual({ kind: "head" });
    });

    it("goes on from a sequence, and by day", async () => {
      const rows = rowsFrom(1, 20, { atMs: Date.UTC(2026, 10, 23) - 10 });
      await appended(ledger, rows);
      const from = await allRows((after) =>
        ledger.chain({ cluster: "c1", fromSequence: 8n, limit: 5, ...after }),
      );
      expect(from).toEqual(rows.slice(7));
      const day = await allRows((after) =>
        ledger.chain({ cluster: "c1", day: "2026-11-23", limit: 3, ...after }),
      );
      expect(day).toEqual(rows.slice(10));
      const closed = { cluster: "c1", day: "2026-11-24", limit: 3 };
      expect(await ledger.chain(closed)).toEqual({ kind: "page", rows: [] });
    });

    it("shows both sides of a fork", async () => {
      const left = rowOf({ revision: 5n, sequence: 3n });
      const right = rowOf({ revision: 4n, sequence: 3n });
      await appended(ledger, [left, right, rowOf({ revision: 1n, sequence: 2n })]);
      expect((await chain(1)).slice(1)).toEqual([right, left]);
      expect(answered(await ledger.head("c1"), "head").row).toEqual(left);
    });
  });

  describe("days", () => {
    it("are told with what each cluster has in them", async () => {
      await appended(ledger, [
        ...rowsFrom(1, 3),
        rowOf({ revision: 9n, cluster: "c0", atMs: noonMs + 5 }),
        rowOf({ revision: 4n, atMs: noonMs + dayMs }),
      ]);
      answered(await ledger.openDays(["2026-11-24", "2026-11-24", today]), "opened");
      expect(await ledger.days({ limit: 10 })).toEqual({
        kind: "days",
        days: [
          {
            day: today,
            wasDropped: false,
            clusters: [
              { cluster: "c0", rows: 1, ...span(9n, 9n, noonMs + 5, noonMs + 5) },
              { cluster: "c1", rows: 3, ...span(1n, 3n, noonMs, noonMs + 2) },
            ],
          },
          {
            day: "2026-11-23",
            wasDropped: false,
            clusters: [{ cluster: "c1", rows: 1, ...span(4n, 4n, noonMs + dayMs, noonMs + dayMs) }],
          },
          { day: "2026-11-24", wasDropped: false, clusters: [] },
        ],
      });
      const some = { fromDay: "2026-11-23", toDay: "2026-11-24", limit: 1 };
      const { days } = answered(await ledger.days(some), "days");
      expect(days.map((each) => each.day)).toEqual(["2026-11-23"]);
    });

    it("are dropped only with the rows that were expected", async () => {
      const rows = rowsFrom(1, 3);
      const next = rowOf({ revision: 4n, atMs: noonMs + dayMs });
      await appended(ledger, [...rows, next]);
      expect(await ledger.dropDay(today, 2)).toEqual({ kind: "changed", rows: 3 });
      expect(await chain()).toHaveLength(4);
      expect(await ledger.dropDay(today, 3)).toEqual({ kind: "dropped" });
      expect(await chain()).toEqual([next]);
      expect(await timeline()).toEqual([next]);
      expect(await ledger.dropDay(today, 3)).toEqual({ kind: "dropped" });
      const { days } = answered(await ledger.days({ limit: 10 }), "days");
      expect(days.map((each) => each.day)).toEqual(["2026-11-23"]);
    });

    it("take late rows after they were dropped, and the answer says so", async () => {
      const rows = rowsFrom(1, 3);
      await appended(ledger, rows);
      answered(await ledger.dropDay(today, 3), "dropped");
      const late = rowOf({ revision: 4n });
      const next = rowOf({ revision: 5n, atMs: noonMs + dayMs });
      expect(await ledger.append([late, next])).toMatchObject({ added: 2, lateDays: [today] });
      expect(await ledger.append([late])).toMatchObject({ added: 0, lateDays: [] });
      // One that was there before the drop is a new one too.
      expect(await ledger.append([rows[0] as LedgerRow])).toMatchObject({
        added: 1,
        lateDays: [today],
      });
      const { days } = answered(await ledger.days({ limit: 1 }), "days");
      expect(days).toMatchObject([{ day: today, wasDropped: true, clusters: [{ rows: 2 }] }]);
      answered(await ledger.dropDay(today, 2), "dropped");
    });

    it.each(["2026-02-30", "2026-1-1", "", "today", "20260101"])("refuse %j", async (day) => {
      const refusal = { kind: "refused", reason: "invalid" };
      expect(await ledger.dropDay(day, 0)).toMatchObject(refusal);
      expect(await ledger.openDays([day])).toMatchObject(refusal);
      expect(await ledger.chain({ cluster: "c1", day, limit: 1 })).toMatchObject(refusal);
    });
  });
});

function span(firstSequence: bigint, lastSequence: bigint, firstAtMs: number, lastAtMs: number) {
  return { firstSequence, lastSequence, firstAtMs, lastAtMs };
}
