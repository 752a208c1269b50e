import { genesis } from "@holdfast/core/audit/chain";
import { MemoryLedger } from "@holdfast/engine/memory/memory-ledger";
import { expect, test } from "vitest";
import { archiveSize, chainHead } from "./archive-size.ts";
import { scriptRows } from "./ledger-script.ts";

const rows = [
  ...scriptRows({ rows: 4_000, fromMs: Date.UTC(2026, 10, 15), toMs: Date.UTC(2026, 10, 22) }),
];

test("an archived event is a fraction of its line, with its part of the manifest", async () => {
  const ledger = new MemoryLedger();
  await ledger.append(rows);
  const { cluster } = await chainHead(ledger);
  const { bytesEach, events } = await archiveSize(ledger, genesis(cluster));
  expect(events).toBe(4_000);
  expect(bytesEach).toBeGreaterThan(10);
  expect(bytesEach).toBeLessThan(100);
});

test("only what came behind a head of the chain is weighed", async () => {
  const ledger = new MemoryLedger();
  await ledger.append(rows.slice(0, 1_000));
  const head = await chainHead(ledger);
  await ledger.append(rows.slice(1_000));
  expect(await archiveSize(ledger, head)).toMatchObject({ events: 3_000 });
  await expect(archiveSize(ledger, await chainHead(ledger))).rejects.toThrow("no events behind");
});
