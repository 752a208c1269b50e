import { utf8 } from "@holdfast/base/bytes";
import { Cancellation } from "@holdfast/base/cancellation";
import { isFailure } from "@holdfast/base/failure";
import type { GrantId } from "@holdfast/base/ids";
import { ManualClock } from "@holdfast/base/manual-clock";
import { append, genesis } from "@holdfast/core/audit/chain";
import type { AuditEvent } from "@holdfast/core/audit/event";
import { encodeEvent } from "@holdfast/core/audit/event-codec";
import { beforeEach, expect, test } from "vitest";
import { ledgerRow } from "../ledger-row.ts";
import { MemoryLedger } from "../memory/memory-ledger.ts";
import { lastMs } from "../utc-day.ts";
import { LedgerDesk } from "./ledger-desk.ts";

const startMs = Date.UTC(2026, 0, 31, 12);
const minuteMs = 60_000;
const held = { region: "here", namespace: "default", name: "held" };
const other = { ...held, name: "other" };
const calls = new Cancellation();
let ledger: MemoryLedger;
let desk: LedgerDesk;

/** Appends the next events of a shard, each so many minutes after the start. */
async function record(
  shard: string,
  ...told: readonly (readonly [number, Partial<AuditEvent>])[]
): Promise<void> {
  const cluster = `c/here/${shard}`;
  let head = genesis(cluster);
  const rows = told.map(([minute, said], at) => {
    const place = { cluster, revision: BigInt(100 + 10 * at), index: 0, region: "here", shard };
    const event = { ...place, atMs: startMs + minute * minuteMs, ...said } as AuditEvent;
    const link = append(head, utf8(encodeEvent(event)));
    head = link;
    return ledgerRow(event, link);
  });
  expect(await ledger.append(rows)).toMatchObject({ kind: "appended", added: rows.length });
}

const acquired = (lock: typeof held, owner: string) => {
  const grantId = owner as GrantId;
  const whose = { lock, grantId, owner, token: 5n, mode: "exclusive", ttlMs: 10_000 } as const;
  return { kind: "LockAcquired", ...whose } as const;
};
const gap = { kind: "AuditGap", missingFrom: 111n, missingTo: 119n } as const;

async function at(minute: number, lock = held) {
  const answer = await desk.at(lock, startMs + minute * minuteMs, calls);
  if (isFailure(answer)) throw new Error(answer.message);
  const { holders, isComplete, beyond } = answer;
  return { owners: holders.map(({ event }) => event.owner), isComplete, lost: beyond.lost };
}

/** History from minute 2 to minute 10 is lost. */
beforeEach(() => {
  ledger = new MemoryLedger();
  desk = new LedgerDesk({ ledger, clock: new ManualClock() });
});

test("who held a lock before a gap that tells nothing of it has it no more behind it", async () => {
  await record("s0", [1, acquired(held, "a")], [2, acquired(other, "b")], [10, gap]);
  expect(await at(1.5)).toEqual({ owners: ["a"], isComplete: true, lost: undefined });
  const within = await at(5);
  expect(within).toMatchObject({ owners: ["a"], isComplete: false });
  expect(within.lost).toEqual([
    {
      ...{ cluster: "c/here/s0", region: "here", shard: "s0" },
      fromMs: startMs + 2 * minuteMs,
      toMs: startMs + 10 * minuteMs,
      ...{ missingFrom: 111n, missingTo: 119n },
    },
  ]);
  expect(await at(11)).toEqual({ owners: [], isComplete: true, lost: undefined });
});

test("whoever is told anew behind the gap held it all the time", async () => {
  const found = { ...acquired(held, "a"), found: true, revision: 110n, index: 1 } as const;
  await record("s0", [1, acquired(held, "a")], [10, gap], [10, found]);
  expect(await at(11)).toMatchObject({ owners: ["a"], isComplete: true });
});

test("a lock of which nothing is known is not free in a gap of its region", async () => {
  await record("s0", [1, acquired(other, "b")], [10, gap]);
  expect(await at(5)).toMatchObject({ owners: [], isComplete: false });
  expect(await at(0.5)).toMatchObject({ owners: [], isComplete: true });
  const elsewhere = { ...held, region: "there" };
  expect(await at(5, elsewhere)).toMatchObject({ isComplete: true, lost: undefined });
});

test("a gap of another shard says nothing of a lock whose shard is known", async () => {
  await record("s0", [1, acquired(held, "a")]);
  await record("s1", [1, acquired(other, "b")], [10, gap]);
  expect(await at(5)).toEqual({ owners: ["a"], isComplete: true, lost: undefined });
});

test("a timeline, an export and a session's records say what is missing in their time", async () => {
  await record("s0", [1, acquired(held, "a")], [2, acquired(other, "b")], [10, gap]);
  const page = { pageSize: 10, pageToken: "" };
  const lostIn = async (fromMinute: number, toMinute: number) => {
    const window = { fromMs: startMs + fromMinute * minuteMs, toMs: startMs + toMinute * minuteMs };
    const found = await desk.timeline({ lock: held, ...page, ...window }, calls);
    if (isFailure(found)) throw new Error(found.message);
    const exported = await desk.export(window, async () => {}, calls);
    if (isFailure(exported)) throw new Error(exported.message);
    expect(exported.beyond.lost).toEqual(found.beyond.lost);
    return found.beyond.lost?.length ?? 0;
  };
  expect(await lostIn(0, 1)).toBe(0);
  expect(await lostIn(3, 4)).toBe(1);
  expect(await lostIn(0, 60)).toBe(1);
  expect(await lostIn(11, 60)).toBe(0);
  const session = await desk.session({ session: "s", ...page }, calls);
  expect(session).toMatchObject({ beyond: { lost: [{ shard: "s0" }] } });
  const elsewhere = { ...held, region: "there" };
  const asked = { lock: elsewhere, fromMs: 0, toMs: lastMs, ...page };
  expect((await desk.timeline(asked, calls)) as object).not.toHaveProperty("beyond.lost");
});
