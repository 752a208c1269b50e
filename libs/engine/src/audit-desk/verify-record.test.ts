import { utf8 } from "@holdfast/base/bytes";
import { Cancellation } from "@holdfast/base/cancellation";
import { ManualClock } from "@holdfast/base/manual-clock";
import { append, type ChainHead, type Link } from "@holdfast/core/audit/chain";
import { describe, expect, test } from "vitest";
import { linkOf } from "../ledger-row.ts";
import { MemoryLedger } from "../memory/memory-ledger.ts";
import type { Verdict, VerifyQuery } from "../ports/audit-desk.ts";
import type { Ledger, LedgerRow } from "../ports/ledger.ts";
import { recordedChain } from "../testing/recorded-chain.ts";
import { utcDay } from "../utc-day.ts";
import { LedgerDesk } from "./ledger-desk.ts";

const startMs = Date.UTC(2026, 0, 1, 12);
const dayMs = 86_400_000;
const cluster = "c/here/s0";
const everything: VerifyQuery = { trusted: [] };

/** Verifies; what is waited for comes, or does not, in no time. */
async function verify(ledger: Ledger, query = everything, onWait?: () => Promise<void>) {
  const clock = new ManualClock();
  const desk = new LedgerDesk({ ledger, clock });
  const verdicts: Verdict[] = [];
  let isDone = false;
  const done = desk
    .verify(
      query,
      async ({ verdict }) => {
        if (verdict !== undefined) verdicts.push(verdict);
      },
      new Cancellation(),
    )
    .finally(() => {
      isDone = true;
    });
  while (!isDone) {
    await clock.advance(250);
    await onWait?.();
  }
  expect(await done).toBeUndefined();
  return verdicts;
}

async function ledgerOf(...lots: (readonly LedgerRow[])[]): Promise<MemoryLedger> {
  const ledger = new MemoryLedger();
  for (const rows of lots) expect(await ledger.append(rows)).toMatchObject({ kind: "appended" });
  return ledger;
}

const headOf = (row: LedgerRow | undefined): ChainHead => {
  if (row === undefined) throw new Error("a row");
  return { cluster: row.cluster, sequence: row.sequence, hash: row.hash };
};

const hotOnly = { anchored: 0n, unknown: 0, archived: [], objects: 0, unread: [] };

describe("a record as it was written", () => {
  test("is verified chain by chain, however its rows came", async () => {
    const here = recordedChain(2_500, { startMs });
    const there = recordedChain(10, { startMs, region: "there" });
    const ledger = await ledgerOf([...here].reverse(), there);
    expect(await verify(ledger)).toEqual([
      { ...hotOnly, head: headOf(here.at(-1)), records: 2_500 },
      { ...hotOnly, head: headOf(there.at(-1)), records: 10 },
    ]);
  });

  test("goes on behind what lies in the archive alone, and says so", async () => {
    const old = recordedChain(20, { startMs });
    const rest = recordedChain(5, { startMs: startMs + dayMs, after: old.at(-1) as LedgerRow });
    const ledger = await ledgerOf(old, rest);
    await archive(ledger, old);
    expect(await ledger.dropDay(utcDay(startMs), 20)).toEqual({ kind: "dropped" });
    expect(await verify(ledger)).toEqual([
      {
        ...hotOnly,
        head: headOf(rest.at(-1)),
        records: 5,
        anchored: 20n,
        archived: [{ cluster, first: 1n, last: 20n }],
        unread: [expect.objectContaining({ why: "no-archive", objects: 1, first: 1n, last: 20n })],
      },
    ]);
  });

  test("may lie in the archive with all it has, or with its end", async () => {
    const rows = recordedChain(20, { startMs });
    const ledger = await ledgerOf(rows);
    await archive(ledger, rows);
    await ledger.dropDay(utcDay(startMs), 20);
    const archived = [{ cluster, first: 1n, last: 20n }];
    const [verdict] = await verify(ledger);
    expect(verdict).toMatchObject({ head: headOf(rows[19]), records: 0, archived });
    expect(verdict).not.toHaveProperty("damage");
    // The clock of whoever wrote them went back.
    const later = recordedChain(10, { startMs: startMs + dayMs });
    const earlier = recordedChain(10, { startMs, after: later.at(-1) as LedgerRow });
    const other = await ledgerOf(later, earlier);
    await archive(other, earlier);
    await other.dropDay(utcDay(startMs), 10);
    const [ended] = await verify(other);
    expect(ended).toMatchObject({ records: 10, archived: [{ cluster, first: 11n, last: 20n }] });
    expect(ended).not.toHaveProperty("damage");
  });

  test("is anchored by heads from elsewhere", async () => {
    const rows = recordedChain(20, { startMs });
    const ledger = await ledgerOf(rows);
    const [verdict] = await verify(ledger, { trusted: [headOf(rows[9])] });
    expect(verdict).toMatchObject({ anchored: 10n });
    expect(verdict).not.toHaveProperty("damage");
    const [later] = await verify(ledger, { trusted: [], written: [headOf(rows[19])] });
    expect(later).toMatchObject({ anchored: 20n });
    expect(later).not.toHaveProperty("written");
  });

  test("may lack a record that is still on its way", async () => {
    const rows = recordedChain(20, { startMs });
    const ledger = await ledgerOf(rows.filter(({ sequence }) => sequence !== 12n));
    let waits = 0;
    const [verdict] = await verify(ledger, everything, async () => {
      waits += 1;
      if (waits === 5) await ledger.append(rows);
    });
    expect(verdict).toMatchObject({ records: 20 });
    expect(verdict).not.toHaveProperty("damage");
  });

  test("may have records that are parked, for the auditor could not make rows of them", async () => {
    const rows = recordedChain(20, { startMs });
    const last = append(headOf(rows[19]), utf8(`{"v":9,"kind":"LockLent","cluster":"${cluster}"}`));
    const ledger = await ledgerOf(rows.filter(({ sequence }) => sequence !== 12n));
    await park(ledger, [linkOf(rows[11] as LedgerRow), last]);
    const [verdict] = await verify(ledger, { trusted: [last] });
    expect(verdict).toMatchObject({ records: 21, unknown: 2, anchored: 21n });
    expect(verdict).not.toHaveProperty("damage");
  });

  test("may lose a day to the archive while it is read", async () => {
    const old = recordedChain(600, { startMs });
    const rest = recordedChain(5, { startMs: startMs + dayMs, after: old.at(-1) as LedgerRow });
    const ledger = await ledgerOf(old, rest);
    const read = ledger.chain.bind(ledger);
    let pages = 0;
    ledger.chain = async (query) => {
      const page = await read(query);
      pages += 1;
      if (pages === 1) {
        await archive(ledger, old);
        await ledger.dropDay(utcDay(startMs), 600);
      }
      return page;
    };
    const [verdict] = await verify(ledger);
    expect(verdict).toMatchObject({ records: 5, archived: [{ first: 1n, last: 600n }] });
    expect(verdict).not.toHaveProperty("damage");
  });

  test("has no chain but those it has", async () => {
    const ledger = await ledgerOf(recordedChain(3, { startMs }));
    const desk = new LedgerDesk({ ledger, clock: new ManualClock() });
    const query = { cluster: "other", trusted: [] };
    expect(await desk.verify(query, async () => {}, new Cancellation())).toMatchObject({
      code: "INVALID_ARGUMENT",
      message: `The record has no chain "other": it has ${cluster}.`,
    });
  });
});

describe("the first bad record is named", () => {
  const rows = recordedChain(20, { startMs });
  const forged = recordedChain(20, { startMs, owner: "mallory" });
  const without = (sequence: bigint) => rows.filter((row) => row.sequence !== sequence);
  const changed = (sequence: bigint, change: Partial<LedgerRow>) =>
    rows.map((row) => (row.sequence === sequence ? { ...row, ...change } : row));
  const swapped = rows.map((row) => {
    if (row.sequence === 8n) return { ...row, sequence: 9n };
    return row.sequence === 9n ? { ...row, sequence: 8n } : row;
  });
  const line = (forged[7] as LedgerRow).line;

  test.each<[string, readonly LedgerRow[], object]>([
    ["one is missing", without(8n), { kind: "deleted", first: 8n, last: 8n }],
    ["the first is missing", without(1n), { kind: "truncated-start", first: 1n }],
    ["a line was edited", changed(8n, { line }), { kind: "edited", first: 8n }],
    ["its hash was edited too", changed(8n, forged[7] as LedgerRow), { first: 8n }],
    ["a column was edited", changed(8n, { grantId: "g9" }), { kind: "edited", first: 8n }],
    [
      "a lock was edited",
      changed(8n, { lock: { region: "here", namespace: "default", name: "l" } }),
      { kind: "edited", first: 8n, message: expect.stringContaining("(lock)") },
    ],
    ["two are exchanged", swapped, { kind: "reordered", first: 8n, last: 9n }],
    [
      "one was put between",
      [...rows, { ...(forged[7] as LedgerRow), revision: 999n, line }],
      { kind: "forked", first: 8n },
    ],
    [
      "nonsense was put between",
      [...rows, { ...(rows[7] as LedgerRow), revision: 1n, hash: new Uint8Array(32) }],
      { kind: "inserted", first: 8n },
    ],
  ])("where %s", async (_what, tampered, damage) => {
    const [verdict] = await verify(await ledgerOf(tampered));
    expect(verdict?.damage).toMatchObject(damage);
    expect(verdict?.head.sequence).toBeLessThan(9n);
  });

  test("where the end is missing, by what is known of it", async () => {
    const ledger = await ledgerOf(rows.slice(0, 15));
    const [unknown] = await verify(ledger);
    expect(unknown).not.toHaveProperty("damage");
    const truncated = { kind: "truncated-end", first: 16n, last: 20n };
    const [byUser] = await verify(ledger, { trusted: [headOf(rows[19])] });
    expect(byUser?.damage).toMatchObject(truncated);
    await archive(ledger, rows);
    const [byObject] = await verify(ledger);
    expect(byObject?.damage).toMatchObject(truncated);
  });

  test("where all was hashed anew, by a head that is known", async () => {
    const ledger = await ledgerOf(forged);
    expect((await verify(ledger))[0]).not.toHaveProperty("damage");
    const [byJournal] = await verify(ledger, { trusted: [], written: [headOf(rows[11])] });
    expect(byJournal?.damage).toMatchObject({ kind: "rewritten", first: 1n, last: 12n });
    const [verdict] = await verify(ledger, { trusted: [headOf(rows[11])] });
    expect(verdict?.damage).toMatchObject({ kind: "rewritten", first: 1n, last: 12n });
  });

  test("and a deleted day is one that no object has", async () => {
    const ledger = await ledgerOf(
      rows,
      recordedChain(5, { startMs: startMs + dayMs, after: rows[19] as LedgerRow }),
    );
    await ledger.dropDay(utcDay(startMs), 20);
    const [verdict] = await verify(ledger);
    expect(verdict?.damage).toMatchObject({ kind: "truncated-start", first: 1n, last: 20n });
  });
});

describe("what the journal wrote and the ledger does not have", () => {
  const rows = recordedChain(20, { startMs });
  const written = [headOf(rows[19]), headOf(rows[4])];

  test("is told, and is neither damage nor intact", async () => {
    const ledger = await ledgerOf(rows.slice(0, 15));
    const [verdict] = await verify(ledger, { trusted: [], written });
    expect(verdict).toMatchObject({ written: 20n, records: 15, head: headOf(rows[14]) });
    expect(verdict).not.toHaveProperty("damage");
    const [none] = await verify(await ledgerOf(), { trusted: [], written });
    expect(none).toMatchObject({ written: 20n, records: 0, head: { cluster, sequence: 0n } });
  });

  test("is damage where it had arrived: newer records are there, or the counts", async () => {
    const cut = rows.filter(({ sequence }) => sequence <= 10n || sequence > 15n);
    const [behindIt] = await verify(await ledgerOf(cut), { trusted: [], written });
    expect(behindIt?.damage).toMatchObject({ kind: "deleted", first: 11n, last: 15n });
    expect(behindIt).not.toHaveProperty("written");
  });

  test("is waited for once, however many chains it is missing of", async () => {
    const ledger = await ledgerOf(rows.slice(0, 15));
    const others = ["d", "e", "f"].map((name) => ({ ...headOf(rows[19]), cluster: name }));
    let waits = 0;
    const query = { trusted: [], written: [...written, ...others] };
    const verdicts = await verify(ledger, query, async () => {
      waits += 1;
    });
    expect(verdicts.map(({ written: upTo }) => upTo)).toEqual([20n, 20n, 20n, 20n]);
    // Steps of 250 ms: five seconds, and some.
    expect(waits).toBeLessThan(30);
  });

  test("may arrive meanwhile", async () => {
    const ledger = await ledgerOf(rows.slice(0, 15));
    let waits = 0;
    const query = { trusted: [], written };
    const [verdict] = await verify(ledger, query, async () => {
      waits += 1;
      if (waits === 5) await ledger.append(rows);
    });
    expect(verdict).toMatchObject({ records: 20, anchored: 20n, head: headOf(rows[19]) });
    expect(verdict).not.toHaveProperty("written");
  });

  test("lies in the archive perhaps, all of it", async () => {
    const ledger = await ledgerOf(rows);
    await archive(ledger, rows);
    await ledger.dropDay(utcDay(startMs), 20);
    const [verdict] = await verify(ledger, { trusted: [], written });
    expect(verdict).toMatchObject({ head: headOf(rows[19]), anchored: 20n });
    expect(verdict).not.toHaveProperty("written");
  });

  test("or is parked", async () => {
    const ledger = await ledgerOf(rows);
    const last = append(headOf(rows[19]), utf8(`{"v":9,"kind":"LockLent","cluster":"${cluster}"}`));
    await park(ledger, [last]);
    const query = { trusted: [], written: [{ cluster, sequence: 21n, hash: last.hash }] };
    const [verdict] = await verify(ledger, query);
    expect(verdict).toMatchObject({ records: 21, unknown: 1, anchored: 21n });
    expect(verdict).not.toHaveProperty("written");
  });
});

async function park(ledger: Ledger, links: readonly Link[]): Promise<void> {
  const parked = links.map(({ sequence, previous, bytes }) => ({
    ...{ id: `p${sequence}`, topic: "t", partition: 0, offset: sequence },
    ...{ reason: "unknown-version", message: "", parkedAtMs: startMs },
    ...{ key: utf8("k"), value: bytes },
    headers: { chain: `${sequence}.${Buffer.from(previous).toString("base64url")}` },
  }));
  expect(await ledger.park(parked)).toEqual({ kind: "recorded" });
}

async function archive(ledger: Ledger, rows: readonly LedgerRow[]): Promise<void> {
  const [first, last] = [rows[0], rows.at(-1)] as [LedgerRow, LedgerRow];
  const reply = await ledger.recordArchived({
    day: first.day,
    cluster: first.cluster,
    part: 0,
    bucket: "b",
    key: `${first.day}/${first.cluster}/0.ndjson.gz`,
    bytes: 1_000,
    sha256: new Uint8Array(32),
    rows: rows.length,
    firstSequence: first.sequence,
    firstHash: first.hash,
    lastSequence: last.sequence,
    lastHash: last.hash,
    archivedAtMs: startMs + 2 * dayMs,
  });
  expect(reply).toEqual({ kind: "recorded" });
}

describe("no verdict is made of a part of what has to be known", () => {
  const endless = { kind: "list", items: [], next: "more" } as const;
  const refused = async (part: Partial<Ledger>) => {
    const rows = recordedChain(20, { startMs });
    const ledger = Object.assign(await ledgerOf(rows.slice(0, 11), rows.slice(12)), part);
    const desk = new LedgerDesk({ ledger, clock: new ManualClock(), arrivalMs: 0 });
    const verdicts: unknown[] = [];
    const onProgress = async ({ verdict }: { readonly verdict?: Verdict }) => {
      if (verdict !== undefined) verdicts.push(verdict);
    };
    const failed = await desk.verify(everything, onProgress, new Cancellation());
    expect(verdicts).toEqual([]);
    return failed;
  };

  test("where more records are parked than are looked through", async () => {
    expect(await refused({ parked: async () => endless })).toMatchObject({
      code: "QUOTA_EXCEEDED",
      message: expect.stringContaining("parked"),
    });
  });

  test("where a chain has more archived parts than are looked through", async () => {
    expect(await refused({ archived: async () => endless })).toMatchObject({
      code: "QUOTA_EXCEEDED",
      message: expect.stringContaining("objects"),
    });
  });

  test("where the ledger has more days than are looked through", async () => {
    const days: Ledger["days"] = async ({ fromDay = "1990-01-01", limit }) => {
      const firstMs = Date.parse(fromDay);
      const found = Array.from({ length: limit }, (_, at) => utcDay(firstMs + at * dayMs));
      return {
        kind: "days",
        days: found.map((day) => ({ day, wasDropped: false, clusters: [] })),
      };
    };
    expect(await refused({ days })).toMatchObject({
      code: "QUOTA_EXCEEDED",
      message: expect.stringContaining("days"),
    });
  });
});
