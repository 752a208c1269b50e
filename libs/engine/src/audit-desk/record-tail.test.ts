import { Cancellation } from "@holdfast/base/cancellation";
import { ManualClock } from "@holdfast/base/manual-clock";
import { expect, onTestFinished, test } from "vitest";
import { MemoryLedger } from "../memory/memory-ledger.ts";
import type { TailBatch, TailQuery } from "../ports/audit-desk.ts";
import type { LedgerRow } from "../ports/ledger.ts";
import { recordedChain } from "../testing/recorded-chain.ts";
import { LedgerDesk } from "./ledger-desk.ts";

const startMs = Date.UTC(2026, 0, 1, 12);
const all: TailQuery = { kinds: [] };

function setUp() {
  const clock = new ManualClock();
  const ledger = new MemoryLedger();
  const desk = new LedgerDesk({ ledger, clock });
  const tail = (query: TailQuery) => {
    const cancellation = new Cancellation();
    const batches: TailBatch[] = [];
    const ended = desk.tail(query, async (batch) => void batches.push(batch), cancellation);
    onTestFinished(() => cancellation.cancel());
    return {
      ended,
      cancellation,
      batches,
      rows: () => batches.flatMap(({ rows }) => rows),
      missing: () => batches.flatMap(({ missing }) => missing),
    };
  };
  return { clock, ledger, desk, tail };
}

test("what comes from now on is told in each chain's order, though it comes in another", async () => {
  const { clock, ledger, tail } = setUp();
  const rows = recordedChain(10, { startMs });
  await ledger.append(rows.slice(0, 4));
  const { rows: told, batches } = tail(all);
  await clock.advance(10);
  expect(batches).toMatchObject([{ rows: [], missing: [] }]);
  await ledger.append([rows[6], rows[4]] as LedgerRow[]);
  await clock.advance(1_000);
  expect(told()).toEqual(rows.slice(4, 5));
  await ledger.append([rows[5]] as LedgerRow[]);
  await clock.advance(1_000);
  expect(told()).toEqual(rows.slice(4, 7));
});

test("a record that does not come is said to be missing, and holds the others up no longer", async () => {
  const { clock, ledger, tail } = setUp();
  const rows = recordedChain(10, { startMs });
  await ledger.append(rows.filter(({ sequence }) => sequence !== 6n));
  const { rows: told, missing } = tail({ ...all, fromMs: 0 });
  await clock.advance(4_000);
  expect(told()).toEqual(rows.slice(0, 5));
  await clock.advance(3_000);
  expect(told()).toHaveLength(9);
  expect(missing()).toEqual([{ cluster: "c/here/s0", first: 6n, last: 6n }]);
});

test("the past of several chains is told by time, from a moment on", async () => {
  const { clock, ledger, tail } = setUp();
  const here = recordedChain(1_200, { startMs });
  const there = recordedChain(5, { startMs: startMs + 300_500, region: "there" });
  await ledger.append([...here, ...there]);
  const { rows: told } = tail({ ...all, fromMs: startMs + 300_000 });
  await clock.advance(5_000);
  const expected = [...here.slice(300), ...there].sort((left, right) => left.atMs - right.atMs);
  expect(told()).toEqual(expected);
});

test("a cursor goes on behind its batch, without a gap and without a repetition", async () => {
  const { clock, ledger, tail } = setUp();
  const rows = recordedChain(1_700, { startMs });
  await ledger.append(rows.slice(0, 1_600));
  const first = tail({ ...all, fromMs: 0 });
  await clock.advance(1_000);
  expect(first.batches.length).toBeGreaterThan(3);
  for (const at of [0, 1, 2]) {
    const second = tail({ ...all, cursor: first.batches[at]?.cursor ?? "" });
    await clock.advance(1_000);
    const before = first.batches.slice(0, at + 1).flatMap((batch) => batch.rows);
    expect([...before, ...second.rows()]).toEqual(rows.slice(0, 1_600));
  }
});

test("only the locks and the events that are asked for are told", async () => {
  const { clock, ledger, tail } = setUp();
  await ledger.append(recordedChain(60, { startMs }));
  const locks = { namespace: "default", name: "l1", prefix: false };
  const some = tail({ kinds: ["LockAcquired"], locks, fromMs: 0 });
  const prefixed = tail({ kinds: [], locks: { ...locks, name: "l", prefix: true }, fromMs: 0 });
  const none = tail({ kinds: [], locks: { ...locks, namespace: "other" }, fromMs: 0 });
  await clock.advance(1_000);
  expect(some.rows()).toHaveLength(10);
  const others = some
    .rows()
    .filter(({ kind, lock }) => kind !== "LockAcquired" || lock?.name !== "l1");
  expect(others).toEqual([]);
  expect(prefixed.rows()).toHaveLength(60);
  expect(none.rows()).toEqual([]);
});

test("a chain that is new is told from its first record", async () => {
  const { clock, ledger, tail } = setUp();
  await ledger.append(recordedChain(5, { startMs }));
  const { rows: told } = tail(all);
  await clock.advance(1_000);
  const there = recordedChain(5, { startMs, region: "there" });
  await ledger.append(there);
  await clock.advance(6_000);
  expect(told()).toEqual(there);
});

test("it ends when it is cancelled, and with a cursor that is none it does not begin", async () => {
  const { clock, tail } = setUp();
  const { ended, cancellation } = tail(all);
  await clock.advance(1_000);
  cancellation.cancel();
  expect(await ended).toBeUndefined();
  expect(clock.pendingTimers).toBe(0);
  for (const cursor of ["x", Buffer.from('["tail","{}"]').toString("base64url")]) {
    expect(await tail({ ...all, cursor }).ended).toMatchObject({ field: "cursor" });
  }
});
