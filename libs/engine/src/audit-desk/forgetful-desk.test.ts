import { Cancellation } from "@holdfast/base/cancellation";
import { ManualClock } from "@holdfast/base/manual-clock";
import { expect, test } from "vitest";
import { MemoryLedger } from "../memory/memory-ledger.ts";
import type { Verdict } from "../ports/audit-desk.ts";
import { recordedChain } from "../testing/recorded-chain.ts";
import { lastMs } from "../utc-day.ts";
import { ForgetfulDesk } from "./forgetful-desk.ts";
import { LedgerDesk } from "./ledger-desk.ts";

const startMs = Date.UTC(2026, 0, 1, 12);
const calls = new Cancellation();

/** A ledger that has forgotten the first 20 of 60 records, which are a second apart. */
async function setUp() {
  const ledger = new MemoryLedger({ rowsMax: 40, whenFull: "forgets" });
  const rows = recordedChain(60, { startMs });
  for (let at = 0; at < 60; at += 20) await ledger.append(rows.slice(at, at + 20));
  const clock = new ManualClock();
  const forgottenOf = (cluster: string) => ledger.forgotten.get(cluster) ?? 0n;
  const desk = new LedgerDesk({ ledger, clock, forgottenOf });
  return { rows, ledger, desk: new ForgetfulDesk(desk, () => ledger.forgottenToMs + 1) };
}

test("whoever asks about the time before is told where the record begins, others are not", async () => {
  const { desk, rows } = await setUp();
  const lock = rows[50]?.lock ?? { region: "", namespace: "", name: "" };
  const beginsAtMs = startMs + 19_001;
  const page = { pageSize: 10, pageToken: "", toMs: lastMs };
  const beyond = async (fromMs: number) => {
    const answers = [
      await desk.timeline({ lock, fromMs, ...page }, calls),
      await desk.contended({ fromMs, toMs: lastMs, limit: 10 }),
      await desk.export({ fromMs, toMs: lastMs }, async () => {}, calls),
    ];
    return answers.map((each) => "beyond" in each && each.beyond.beginsAtMs);
  };
  expect(await beyond(0)).toEqual([beginsAtMs, beginsAtMs, beginsAtMs]);
  expect(await beyond(beginsAtMs)).toEqual([undefined, undefined, undefined]);
  const session = await desk.session({ session: "s", pageSize: 10, pageToken: "" }, calls);
  expect(session).toMatchObject({ beyond: { beginsAtMs } });
});

test("no more is said to be there than what has not been forgotten", async () => {
  const { desk } = await setUp();
  const page = await desk.archived({ pageSize: 10, pageToken: "" });
  expect(page).toMatchObject({ objects: [], hotFromMs: startMs + 19_001 });
});

test("nobody is said to have held nothing before the record begins", async () => {
  const { desk } = await setUp();
  const lock = { region: "here", namespace: "default", name: "never seen" };
  expect(await desk.at(lock, startMs, calls)).toMatchObject({ holders: [], isComplete: false });
});

test("what was forgotten is no damage, and what is missing otherwise is", async () => {
  const { desk, rows, ledger } = await setUp();
  const verdicts: (Verdict | undefined)[] = [];
  const onProgress = async ({ verdict }: { readonly verdict?: Verdict }): Promise<void> => {
    if (verdict !== undefined) verdicts.push(verdict);
  };
  expect(await desk.verify({ trusted: [] }, onProgress, calls)).toBeUndefined();
  const [verdict] = verdicts;
  expect(verdict).toMatchObject({
    records: 40,
    forgotten: 20n,
    anchored: 0n,
    head: { sequence: 60n },
  });
  expect(verdict?.damage).toBeUndefined();
  const holed = new MemoryLedger();
  await holed.append(rows.filter(({ sequence }) => sequence > 20n && sequence !== 30n));
  const forgottenOf = (cluster: string) => ledger.forgotten.get(cluster) ?? 0n;
  const found = new LedgerDesk({
    ledger: holed,
    clock: new ManualClock(),
    forgottenOf,
    arrivalMs: 0,
  });
  await found.verify({ trusted: [] }, onProgress, calls);
  expect(verdicts[1]?.damage).toMatchObject({ kind: "deleted", first: 30n });
});
