import { utf8 } from "@holdfast/base/bytes";
import { expect, test } from "vitest";
import type { ParkedRecord, Violation } from "../ports/ledger-records.ts";
import { recordedChain } from "../testing/recorded-chain.ts";
import { MemoryLedger } from "./memory-ledger.ts";

const startMs = Date.UTC(2026, 0, 1, 23, 59, 59, 500);

test("a ledger that forgets makes room with what came first, over midnight as well, and says so", async () => {
  const ledger = new MemoryLedger({ rowsMax: 40, whenFull: "forgets" });
  const [here, there] = ["here", "there"].map((region) =>
    recordedChain(60, { startMs, stepMs: 100, region }),
  );
  for (let at = 0; at < 60; at += 10) {
    for (const chain of [here, there]) {
      const reply = await ledger.append(chain?.slice(at, at + 10) ?? []);
      expect(reply).toMatchObject({ kind: "appended", added: 10 });
    }
  }
  for (const chain of [here, there]) {
    const first = chain?.[0];
    if (first === undefined) throw new Error("a chain has rows");
    const kept = await ledger.chain({ cluster: first.cluster, limit: 1_000 });
    if (kept.kind !== "page") throw new Error(kept.kind);
    expect(kept.rows.map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 20 }, (_, place) => BigInt(41 + place)),
    );
    expect(ledger.forgotten.get(first.cluster)).toBe(40n);
    const ofLock = { lock: first.lock ?? { region: "", namespace: "", name: "" }, limit: 100 };
    const page = await ledger.timeline({ ...ofLock, fromMs: 0, toMs: startMs + 100_000 });
    expect(page.kind === "page" && page.rows.every(({ sequence }) => sequence > 40n)).toBe(true);
  }
  expect(ledger.forgottenToMs).toBe(startMs + 3_900);
  const days = await ledger.days({ limit: 10 });
  expect(days.kind === "days" && days.days.map(({ day }) => day)).toEqual(["2026-01-02"]);
});

test("a ledger that forgets takes a batch that is larger than all it keeps, and keeps its end", async () => {
  const ledger = new MemoryLedger({ rowsMax: 40, whenFull: "forgets" });
  const rows = recordedChain(100, { startMs });
  const cluster = rows[0]?.cluster ?? "";
  expect(await ledger.append(rows)).toMatchObject({ kind: "appended", added: 100 });
  const kept = await ledger.chain({ cluster, limit: 1_000 });
  expect(kept.kind === "page" && kept.rows.map(({ sequence }) => sequence)).toEqual(
    Array.from({ length: 40 }, (_, place) => BigInt(61 + place)),
  );
  expect(ledger.forgotten.get(cluster)).toBe(60n);
});

test("a ledger that does not forget refuses what it has no room for", async () => {
  const ledger = new MemoryLedger({ rowsMax: 40 });
  const rows = recordedChain(41, { startMs });
  expect(await ledger.append(rows.slice(0, 40))).toMatchObject({ kind: "appended" });
  expect(await ledger.append(rows.slice(40))).toMatchObject({ reason: "no-space" });
  expect(ledger.forgotten.size).toBe(0);
});

const bounds = { violationsMax: 3, parkedMax: 3, parkedBytesMax: 1_000 };

function violations(...numbers: number[]): Violation[] {
  return numbers.map((number) => ({
    ...{ id: `v${number}`, rule: "two-exclusive", message: "" },
    ...{ atMs: 0, foundAtMs: number, events: [] },
  }));
}

function parked(number: number, bytes = 10): ParkedRecord {
  const link = { chain: `${number}.${"A".repeat(43)}` };
  return {
    ...{ id: `p${number}`, topic: "t", partition: 0, offset: BigInt(number) },
    ...{ reason: "unknown-version", message: "", parkedAtMs: number, key: new Uint8Array(0) },
    ...{ value: utf8(JSON.stringify({ cluster: "c", x: "x".repeat(bytes) })), headers: link },
  };
}

async function ids(ledger: MemoryLedger): Promise<string[]> {
  const found = await ledger.violations({ fromMs: 0, toMs: startMs, limit: 10 });
  const kept = await ledger.parked({ limit: 10 });
  if (found.kind !== "list" || kept.kind !== "list") throw new Error("a ledger in memory answers");
  return [...found.items, ...kept.items].map(({ id }) => id);
}

test("a ledger that forgets keeps a bounded number of findings and of parked records, the last", async () => {
  const ledger = new MemoryLedger({ whenFull: "forgets", bounds });
  expect(await ledger.recordViolations(violations(1, 2, 3, 4, 5))).toEqual({ kind: "recorded" });
  for (const number of [1, 2, 3, 4]) {
    expect(await ledger.park([parked(number)])).toEqual({ kind: "recorded" });
  }
  expect(await ids(ledger)).toEqual(["v5", "v4", "v3", "p2", "p3", "p4"]);
  expect(await ledger.park([parked(5, 800)])).toEqual({ kind: "recorded" });
  expect(await ids(ledger)).toEqual(["v5", "v4", "v3", "p4", "p5"]);
  // Else who verifies the chain would take what was forgotten for deleted.
  expect(ledger.forgotten).toEqual(new Map([["c", 3n]]));
});

test("a ledger that does not forget refuses findings and parked records past its bounds, whole", async () => {
  const ledger = new MemoryLedger({ bounds });
  await ledger.recordViolations(violations(1, 2));
  expect(await ledger.recordViolations(violations(2, 3, 4))).toMatchObject({ reason: "no-space" });
  expect(await ledger.recordViolations(violations(2, 3))).toEqual({ kind: "recorded" });
  await ledger.park([parked(1), parked(2)]);
  expect(await ledger.park([parked(3, 900)])).toMatchObject({ reason: "no-space" });
  expect(await ledger.park([parked(3), parked(4)])).toMatchObject({ reason: "no-space" });
  expect(await ids(ledger)).toEqual(["v3", "v2", "v1", "p1", "p2"]);
});
