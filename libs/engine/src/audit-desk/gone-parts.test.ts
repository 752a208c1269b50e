import { expect, test } from "vitest";
import { MemoryLedger } from "../memory/memory-ledger.ts";
import type { Ledger } from "../ports/ledger.ts";
import type { ArchivedPart } from "../ports/ledger-records.ts";
import { goneParts } from "./gone-parts.ts";

const window = { fromMs: 0, toMs: Date.UTC(2026, 0, 31) };

function part(number: number, firstSequence: bigint): ArchivedPart {
  return { day: "2026-01-01", cluster: "c", part: number, firstSequence } as ArchivedPart;
}

/** A ledger of which nothing but its list of parts is asked. */
function listing(archived: Ledger["archived"]): Ledger {
  return Object.assign(new MemoryLedger(), { archived });
}

test("the parts of a day are in the order of their records, whichever came first", async () => {
  const items = [part(0, 20n), part(1, 1n), part(2, 40n)];
  const found = await goneParts(
    listing(async () => ({ kind: "list", items })),
    window,
    [],
  );
  if (found.kind !== "parts") throw new Error(found.message);
  const parts = found.byChain.get("c")?.get("2026-01-01") ?? [];
  expect(parts.map(({ firstSequence }) => firstSequence)).toEqual([1n, 20n, 40n]);
});

test("no answer is made of more parts than are held at once", async () => {
  const items = Array.from({ length: 1_000 }, (_, at) => part(at, BigInt(at)));
  const endless = listing(async () => ({ kind: "list", items, next: "more" }));
  expect(await goneParts(endless, window, [])).toMatchObject({
    code: "QUOTA_EXCEEDED",
    message: expect.stringContaining("objects in that time"),
  });
}, 20_000);
