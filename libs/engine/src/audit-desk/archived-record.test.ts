import { gunzipSync, gzipSync } from "node:zlib";
import { Cancellation } from "@holdfast/base/cancellation";
import { isFailure } from "@holdfast/base/failure";
import { linesPrefix } from "@holdfast/core/audit/archive-keys";
import { beforeEach, describe, expect, test } from "vitest";
import type { Archive } from "../ports/archive.ts";
import type { ExportedRecord, Verdict, VerifyQuery } from "../ports/audit-desk.ts";
import { ArchiverRig } from "../testing/archiver-rig.ts";
import { ChainedRows } from "../testing/chained-rows.ts";
import { lastMs } from "../utc-day.ts";
import { LedgerDesk } from "./ledger-desk.ts";

const cluster = "test/us-east-1/s0";
const hourMs = 3_600_000;
let rig: ArchiverRig;

/** Days 0 and 1 are in the archive alone, day 5 in both, and today in the ledger alone. */
beforeEach(async () => {
  rig = await new ArchiverRig().start();
  await rig.record(20, 0);
  await rig.record(10, 1);
  await rig.record(5, 5);
  await rig.until(9, 2 * hourMs);
  expect(await rig.archiver().round()).toBe(true);
  await rig.record(4, 9);
  expect(await rig.days()).toHaveLength(2);
});

function deskOver(archive: Archive | undefined): LedgerDesk {
  const { ledger, clock } = rig;
  return new LedgerDesk({ ledger, clock, arrivalMs: 0, ...(archive && { archive }) });
}

async function verify(
  query: Partial<VerifyQuery> = {},
  archive: Archive | "none" = rig.archive,
): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  const desk = deskOver(archive === "none" ? undefined : archive);
  const failed = await desk.verify(
    { trusted: [], ...query },
    async ({ verdict }) => {
      if (verdict !== undefined) verdicts.push(verdict);
    },
    new Cancellation(),
  );
  expect(failed).toBeUndefined();
  return verdicts;
}

/** The keys of the objects with records, by day. */
function objects(): string[] {
  return rig.archive.keys(linesPrefix);
}

/** Puts another version over the object of a day. */
async function change(day: number, lines: (lines: string[]) => string[]): Promise<void> {
  const key = objects()[day] ?? "";
  const got = await rig.archive.get(key);
  if (got.kind !== "found") throw new Error(got.kind);
  const stored = gunzipSync(got.bytes).toString().split("\n").slice(0, -1);
  rig.archive.tamper(key, new Uint8Array(gzipSync(`${lines(stored).join("\n")}\n`)));
}

describe("a chain that lies in the archive in part", () => {
  test("is verified with its objects, those of days that are hot still as well", async () => {
    const [verdict, ...others] = await verify();
    expect(others).toEqual([]);
    expect(verdict).toMatchObject({ records: 39, objects: 3, archived: [], unread: [] });
    expect(verdict?.head.sequence).toBe(39n);
    expect(verdict).not.toHaveProperty("damage");
  });

  test("without an archive is not said to be whole", async () => {
    expect(await verify({}, "none")).toMatchObject([
      {
        records: 9,
        objects: 0,
        archived: [{ cluster, first: 1n, last: 30n }],
        unread: [{ why: "no-archive", objects: 3, first: 1n, last: 35n }],
      },
    ]);
  });

  test("is read in the ledger alone where that was asked for", async () => {
    const [verdict] = await verify({ hotOnly: true });
    expect(verdict).toMatchObject({ records: 9, unread: [{ why: "hot-only", objects: 3 }] });
  });

  test("may be all there is of it", async () => {
    const old = new ChainedRows("test/us-east-1/s9");
    await rig.append(old.next(6, rig.onDay(0, 5_000)));
    expect(await rig.archiver().round()).toBe(true);
    const [, verdict] = await verify();
    expect(verdict).toMatchObject({ records: 6, objects: 1, archived: [] });
    expect(verdict).not.toHaveProperty("damage");
  });

  test.each<[string, (lines: string[]) => string[], object]>([
    ["edited", (lines) => lines.with(5, (lines[5] ?? "").replace("worker", "mallory")), {}],
    ["deleted", (lines) => lines.toSpliced(5, 1), { last: 6n }],
    ["inserted", (lines) => lines.toSpliced(5, 0, '{"v":1,"kind":"Forged"}'), {}],
    ["reordered", (lines) => lines.with(5, lines[6] ?? "").with(6, lines[5] ?? ""), { last: 7n }],
    ["duplicated", (lines) => lines.toSpliced(6, 0, lines[5] ?? ""), {}],
  ])("with a record %s in an object names it", async (kind, tamper, damage) => {
    await change(0, tamper);
    const [verdict] = await verify();
    expect(verdict?.damage).toMatchObject({ kind, first: 6n, ...damage });
    expect(verdict?.damage?.message).toContain(objects()[0]);
    expect(verdict?.head.sequence).toBeLessThan(6n);
    expect(verdict).toMatchObject({ objects: 2, archived: [] });
  });

  test("with an object cut off, or gone, names the first record that is", async () => {
    await change(1, (lines) => lines.slice(0, 7));
    expect((await verify())[0]?.damage).toMatchObject({ kind: "truncated-end", first: 28n });
    rig.archive.tamper(objects()[1] ?? "", undefined);
    const [verdict] = await verify();
    expect(verdict?.damage).toMatchObject({ kind: "deleted", first: 21n, last: 30n });
    expect(verdict?.head.sequence).toBe(20n);
  });

  test("with an object changed of a day that is hot still is damaged too", async () => {
    await change(2, (lines) => lines.with(0, (lines[0] ?? "").replace("worker", "mallory")));
    expect((await verify())[0]?.damage).toMatchObject({ kind: "edited", first: 31n });
  });

  test("tells the first of two damages, in whichever store it is", async () => {
    await change(1, (lines) => lines.toSpliced(3, 1));
    const { ledger } = rig;
    const read = ledger.chain.bind(ledger);
    ledger.chain = async (query) => {
      const page = await read(query);
      if (page.kind !== "page") return page;
      return { ...page, rows: page.rows.filter(({ sequence }) => sequence !== 33n) };
    };
    expect((await verify())[0]?.damage).toMatchObject({ kind: "deleted", first: 24n });
    expect((await verify({ hotOnly: true }))[0]?.damage).toMatchObject({ first: 33n });
  });

  test("lets others get on while a large object is verified", async () => {
    const large = new ChainedRows("test/us-east-1/s7");
    await rig.append(large.next(4_500, rig.onDay(0)));
    await rig.archiver().round();
    let isDone = false;
    const verified = verify({ cluster: "test/us-east-1/s7" }).finally(() => {
      isDone = true;
    });
    let pauses = 0;
    for (; !isDone; pauses++) await rig.clock.advance(1);
    expect((await verified)[0]).toMatchObject({ records: 4_500, objects: 1 });
    expect(pauses).toBeGreaterThan(8);
  });

  test("with two objects for one record is forked", async () => {
    const list = await rig.ledger.archived({ limit: 10 });
    const [part] = list.kind === "list" ? list.items : [];
    if (part === undefined) throw new Error("a part");
    await rig.ledger.recordArchived({ ...part, part: 1 });
    expect((await verify())[0]?.damage).toMatchObject({ kind: "forked", first: 1n });
  });

  test("frozen is not read, and is no damage; restored it is read again", async () => {
    await rig.until(120);
    const [frozen] = await verify();
    expect(frozen).not.toHaveProperty("damage");
    expect(frozen).toMatchObject({
      records: 9,
      archived: [{ first: 1n, last: 30n }],
      unread: [{ why: "frozen", objects: 3, message: expect.stringContaining("GLACIER") }],
    });
    for (const key of objects()) rig.archive.restore(key, 7);
    expect((await verify())[0]?.unread).toMatchObject([{ why: "restoring", objects: 3 }]);
    await rig.until(120, 6 * hourMs);
    expect((await verify())[0]).toMatchObject({ records: 39, unread: [], archived: [] });
  });

  test("in a store that does not answer is not read, and not asked for over and over", async () => {
    let asked = 0;
    const get: Archive["get"] = async () => {
      asked += 1;
      return { kind: "unavailable", message: "S3: no answer" };
    };
    const rows = new ChainedRows("test/us-east-1/s8");
    for (const day of [2, 3, 4, 5]) await rig.append(rows.next(2, rig.onDay(day)));
    await rig.archiver().round();
    const silent = Object.create(rig.archive, { get: { value: get } }) as Archive;
    const verdicts = await verify({ cluster: "test/us-east-1/s8" }, silent);
    expect(verdicts).toMatchObject([{ unread: [{ why: "unavailable", objects: 4 }] }]);
    expect(verdicts[0]).not.toHaveProperty("damage");
    expect(asked).toBe(3);
  });
});

describe("an export", () => {
  async function exported(window = { fromMs: 0, toMs: lastMs }, archive?: Archive) {
    const records: ExportedRecord[] = [];
    const ended = await deskOver(archive).export(
      window,
      async (some) => void records.push(...some),
      new Cancellation(),
    );
    if (isFailure(ended)) throw new Error(ended.message);
    return { records, ...ended, numbers: records.map(({ sequence }) => Number(sequence)) };
  }

  test("has what lies in the archive, each record as it was chained, once", async () => {
    const { records, numbers, unread, beyond } = await exported(undefined, rig.archive);
    expect(numbers).toEqual(Array.from({ length: 39 }, (_, at) => at + 1));
    expect(unread).toEqual([]);
    expect(beyond).toMatchObject({ objects: [], more: false });
    for (const [at, { previousHash }] of records.entries()) {
      if (at > 0) expect(previousHash).toEqual(records[at - 1]?.hash);
    }
  });

  test("has of an object what is of the window, and rows that came late", async () => {
    const late = rig.cluster.next(2, rig.onDay(1, 2_000));
    await rig.append(late);
    const fromMs = rig.onDay(1, 1_005);
    const { numbers } = await exported({ fromMs, toMs: rig.onDay(1, 3_000) }, rig.archive);
    expect(numbers).toEqual([26, 27, 28, 29, 30, 40, 41]);
  });

  test("leaves damaged objects and frozen ones out, and says so", async () => {
    await change(1, (lines) => lines.toSpliced(3, 1));
    const damaged = await exported(undefined, rig.archive);
    expect(damaged.numbers).toHaveLength(29);
    expect(damaged.unread).toMatchObject([{ why: "damaged", objects: 1, first: 21n, last: 30n }]);
    expect(damaged.beyond.objects).toHaveLength(1);
    await rig.until(120);
    const frozen = await exported(undefined, rig.archive);
    expect(frozen.numbers).toHaveLength(9);
    // Its size alone says that the second one is not what was stored.
    expect(frozen.unread).toMatchObject([
      { why: "frozen", first: 1n },
      { why: "damaged", first: 21n },
    ]);
  });
});
