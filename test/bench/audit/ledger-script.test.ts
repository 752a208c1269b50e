import { MemoryLedger } from "@holdfast/engine/memory/memory-ledger";
import { expect, test } from "vitest";
import { hotLock, lockCount, lockNumber, scriptRows } from "./ledger-script.ts";

const options = { rows: 2_000, fromMs: Date.UTC(2026, 10, 15), toMs: Date.UTC(2026, 10, 22) };

test("the script's rows are what a ledger takes, of every day between its ends", async () => {
  const rows = [...scriptRows(options)];
  const ledger = new MemoryLedger();
  expect(await ledger.append(rows)).toMatchObject({ kind: "appended", added: 2_000 });
  expect(new Set(rows.map(({ day }) => day)).size).toBe(7);
});

test("every tenure has its end, and a lock about a hundred events", async () => {
  const ledger = new MemoryLedger();
  await ledger.append([...scriptRows(options)]);
  const [fromMs, toMs] = [options.fromMs, options.toMs];
  const kinds = async (lock: typeof hotLock): Promise<string[]> => {
    const page = await ledger.timeline({ lock, fromMs, toMs, limit: 1_000 });
    return page.kind === "page" ? page.rows.map(({ kind }) => kind) : [];
  };
  expect(lockCount(2_000)).toBe(20);
  for (const lock of [hotLock, lockNumber(0), lockNumber(19)]) {
    const told = await kinds(lock);
    expect(told.length, lock.name).toBeGreaterThan(60);
    expect(told.length, lock.name).toBeLessThan(140);
    expect(told.filter((kind) => kind === "LockAcquired")).toHaveLength(told.length / 2);
  }
});
