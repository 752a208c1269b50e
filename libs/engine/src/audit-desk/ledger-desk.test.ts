import { Cancellation } from "@holdfast/base/cancellation";
import { isFailure } from "@holdfast/base/failure";
import { sessionReference } from "@holdfast/core/audit/session-reference";
import { globalRegion } from "@holdfast/core/lock/lock-id";
import { afterEach, describe, expect, test } from "vitest";
import { MemoryLedger } from "../memory/memory-ledger.ts";
import type { ExportedRecord, RecordsPage } from "../ports/audit-desk.ts";
import type { LedgerRow } from "../ports/ledger.ts";
import { GlobalRig, rigRegions } from "../testing/global-rig.ts";
import { recordedChain } from "../testing/recorded-chain.ts";
import { RecordedHistory } from "../testing/recorded-history.ts";
import { RecordedSeconds, rigHistories } from "../testing/recorded-seconds.ts";
import { TestRegion } from "../testing/region.ts";
import { lastMs, utcDay } from "../utc-day.ts";
import { decodedRow } from "./decoded-row.ts";
import { LedgerDesk } from "./ledger-desk.ts";

const startMs = Date.UTC(2026, 0, 1, 12);
const always = { fromMs: 0, toMs: lastMs, pageSize: 100, pageToken: "" };
const calls = new Cancellation();
const ends: (() => void)[] = [];

afterEach(() => {
  for (const end of ends.splice(0).reverse()) end();
});

function answered<Answer extends { readonly kind: string }>(answer: Answer) {
  if (isFailure(answer)) throw new Error(answer.message);
  return answer as Exclude<Answer, { readonly kind: "failure" }>;
}

function told({ records }: RecordsPage): string[] {
  return records.map(({ row, shownBy }) => {
    const decoded = decodedRow(row);
    const owner = decoded.kind === "event" && "owner" in decoded.event ? decoded.event.owner : "";
    return [row.kind, owner, shownBy.join("+")].filter((word) => word !== "").join(" ");
  });
}

describe("a region", () => {
  const lock = { region: "here", namespace: "default", name: "l" };

  async function setUp() {
    const region = new TestRegion(1);
    await region.start();
    const [store] = region.stores;
    if (store === undefined) throw new Error("a region has a shard");
    const of = { cluster: "c/here/s0", region: "here", shard: "s0" };
    const history = new RecordedHistory(store, of);
    const recorded = new RecordedSeconds(region.clock, startMs, [history]);
    const { ledger } = recorded;
    const desk = new LedgerDesk({ ledger, clock: region.clock });
    return { region, ledger, desk, second: (at: number) => recorded.pass(at) };
  }

  test("who held a lock when, under which token, and what its session did", async () => {
    const { region, desk, second } = await setUp();
    await second(0);
    const session = await region.open();
    const first = await region.grant({ session, owner: "a" });
    await second(1);
    await region.release(first, session);
    const next = await region.grant({ owner: "b", ttlMs: 5_000 });
    await second(2);
    const at = async (ms: number) => answered(await desk.at(lock, startMs + ms, calls));
    expect(await at(-1)).toMatchObject({ holders: [], isComplete: true, doubts: [] });
    expect(await at(500)).toMatchObject({
      holders: [{ event: first, sinceMs: startMs, by: { kind: "shard" } }].map((held) => ({
        ...held,
        event: { grantId: first.grantId, token: first.token, owner: "a" },
      })),
      isComplete: true,
    });
    const { holders } = await at(1_000);
    expect(holders).toMatchObject([{ event: { token: next.token, owner: "b" } }]);
    const page = answered(await desk.timeline({ lock, ...always }, calls));
    expect(told(page)).toEqual(["LockAcquired a", "LockReleased a", "LockAcquired b"]);
    const ofSession = { session: sessionReference(session), pageSize: 100, pageToken: "" };
    const did = told(answered(await desk.session(ofSession, calls)));
    expect(did).toEqual(["SessionOpened", "LockAcquired a", "LockReleased a"]);
  });

  test("the locks that were waited for most come first", async () => {
    const { region, desk, second } = await setUp();
    await region.grant({ ttlMs: 60_000 });
    for (const owner of ["b", "c"]) void region.acquire({ owner, ttlMs: 60_000, waitMs: 60_000 });
    await second(0);
    const found = answered(await desk.contended({ fromMs: 0, toMs: lastMs, limit: 10 }));
    expect(found.locks).toEqual([{ lock, waiters: 2 }]);
  });
});

describe("three regions", () => {
  const lock = { region: globalRegion, namespace: "default", name: "l" };

  async function setUp() {
    const rig = new GlobalRig();
    await rig.start();
    ends.push(() => rig.stop());
    const recorded = new RecordedSeconds(rig.clock, startMs, rigHistories(rig, "c"));
    const desk = new LedgerDesk({ ledger: recorded.ledger, clock: rig.clock });
    const second = (at: number) => recorded.pass(at);
    const session = await rig.open("east");
    ends.push(rig.keepAlive(session));
    return { rig, desk, second, session };
  }

  test("a global lock is told with the regions that granted it", async () => {
    const { rig, desk, second, session } = await setUp();
    await second(0);
    const grant = await rig.grant("east", { session, owner: "a" });
    await second(1);
    await rig.release("east", grant);
    await second(2);
    const held = answered(await desk.at(lock, startMs + 500, calls));
    expect(held).toMatchObject({
      holders: [
        {
          event: { owner: "a", token: grant.token },
          by: { kind: "quorum", quorum: { version: 1, regions: [...rigRegions] } },
        },
      ],
      isComplete: true,
    });
    expect(answered(await desk.at(lock, startMs + 1_500, calls))).toMatchObject({ holders: [] });
    const page = answered(await desk.timeline({ lock, ...always }, calls));
    const all = rigRegions.join("+");
    expect(told(page)).toEqual([
      ...rigRegions.map(() => `GlobalGranted a ${all}`),
      ...rigRegions.map(() => `GlobalReleased a ${all}`),
    ]);
  });

  test("a delegated lock is told with who was let in, and the quorum of its delegation", async () => {
    const { rig, desk, second, session } = await setUp();
    await second(0);
    for (let times = 0; times < 2; times++) {
      await rig.release("east", await rig.grant("east", { session, owner: "r" }));
    }
    const grant = await rig.grant("east", { session, owner: "a", waitMs: 1_000 });
    await second(1);
    const held = answered(await desk.at(lock, startMs + 500, calls));
    expect(held).toMatchObject({
      holders: [
        {
          event: { kind: "DelegatedGranted", owner: "a", token: grant.token },
          by: { kind: "delegation", region: "east", quorum: { regions: [...rigRegions] } },
        },
      ],
      delegation: { region: "east", quorum: { regions: [...rigRegions] } },
      isComplete: true,
      doubts: [],
    });
  });
});

describe("what lies outside of the hot store", () => {
  const dayMs = 86_400_000;
  const lock = { region: "here", namespace: "default", name: "l0" };

  async function setUp(goesOn = true) {
    const old = recordedChain(20, { startMs });
    const restStartMs = startMs + dayMs;
    const rest = goesOn
      ? recordedChain(5, { startMs: restStartMs, after: old.at(-1) as LedgerRow })
      : recordedChain(5, { startMs: restStartMs, region: "there" });
    const ledger = new MemoryLedger();
    await ledger.append([...old, ...rest]);
    const [first, last] = [old[0], old.at(-1)] as [LedgerRow, LedgerRow];
    await ledger.recordArchived({
      ...{ day: first.day, cluster: first.cluster, part: 0, bucket: "b", key: "k" },
      ...{ bytes: 1_000, sha256: new Uint8Array(32), rows: 20 },
      ...{ firstSequence: 1n, firstHash: first.hash, lastSequence: 20n, lastHash: last.hash },
      archivedAtMs: startMs + 2 * dayMs,
    });
    await ledger.dropDay(utcDay(startMs), 20);
    return { ledger, desk: new LedgerDesk({ ledger, clock: new TestRegion(1).clock }) };
  }

  test("is named in every answer that it would belong to", async () => {
    const { desk } = await setUp();
    const beyond = { hotFromMs: Date.UTC(2026, 0, 2), objects: [{ key: "k" }], more: false };
    const timeline = answered(await desk.timeline({ lock, ...always }, calls));
    expect(timeline.beyond).toMatchObject(beyond);
    expect(answered(await desk.at(lock, startMs + 1, calls))).toMatchObject({
      holders: [],
      isComplete: false,
      beyond,
    });
    const later = { ...always, fromMs: startMs + dayMs };
    expect(answered(await desk.timeline({ lock, ...later }, calls)).beyond.objects).toEqual([]);
    const listed = answered(await desk.archived({ pageSize: 10, pageToken: "" }));
    expect(listed).toMatchObject({ objects: [{ key: "k" }], hotFromMs: beyond.hotFromMs });
  });

  test("makes a lock's holder unknown, also where it is all that there is of a chain", async () => {
    const { desk } = await setUp(false);
    const answer = answered(await desk.at(lock, startMs + 1, calls));
    expect(answer).toMatchObject({ holders: [], isComplete: false });
  });

  test("is not exported, and the end says so", async () => {
    const { desk } = await setUp();
    const rows: ExportedRecord[] = [];
    const ended = await desk.export(
      { fromMs: 0, toMs: lastMs },
      async (some) => void rows.push(...some),
      calls,
    );
    expect(rows.map(({ sequence }) => sequence)).toEqual([21n, 22n, 23n, 24n, 25n]);
    const { beyond, unread } = answered(ended);
    expect(beyond.objects).toHaveLength(1);
    expect(unread).toMatchObject([{ why: "no-archive", objects: 1, first: 1n, last: 20n }]);
  });
});

test("long lines make shorter pages, and no record is left out between them", async () => {
  const rows = recordedChain(200, { startMs, owner: "o".repeat(20_000) });
  const ledger = new MemoryLedger();
  await ledger.append(rows);
  const desk = new LedgerDesk({ ledger, clock: new TestRegion(1).clock });
  const lock = { region: "here", namespace: "default", name: "l0" };
  const found: LedgerRow[] = [];
  let pageToken = "";
  let pages = 0;
  do {
    const query = { lock, ...always, pageSize: 1_000, pageToken };
    const page = answered(await desk.timeline(query, calls));
    found.push(...page.records.map(({ row }) => row));
    pageToken = page.nextPageToken;
    pages += 1;
  } while (pageToken !== "" && pages < 100);
  expect(found).toEqual(rows.filter(({ lock: of }) => of?.name === "l0"));
  expect(pages).toBeGreaterThan(1);
});
