import { expect, test } from "vitest";
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

test("a ledger that does not forget refuses what it has no room for", async () => {
  const ledger = new MemoryLedger({ rowsMax: 40 });
  const rows = recordedChain(41, { startMs });
  expect(await ledger.append(rows.slice(0, 40))).toMatchObject({ kind: "appended" });
  expect(await ledger.append(rows.slice(40))).toMatchObject({ reason: "no-space" });
  expect(ledger.forgotten.size).toBe(0);
});
