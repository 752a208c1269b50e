import { utf8 } from "@holdfast/base/bytes";
import { ManualClock } from "@holdfast/base/manual-clock";
import { afterEach, expect, test } from "vitest";
import { eventsTopic } from "../event-record.ts";
import { MemoryEventLog } from "../memory/memory-event-log.ts";
import { MemoryLedger } from "../memory/memory-ledger.ts";
import { MemoryMeter } from "../memory/memory-meter.ts";
import type { EventRecord } from "../ports/event-log.ts";
import type { AppendReply, LedgerRow } from "../ports/ledger.ts";
import { EventScript, lockNamed } from "../testing/event-script.ts";
import { Auditor } from "./auditor.ts";
import type { AuditorNews } from "./auditor-news.ts";

const everything = { fromMs: 0, toMs: Date.UTC(2030, 0, 1), limit: 1_000 };
const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** A ledger whose appends may be answered by a test. */
class ScriptedLedger extends MemoryLedger {
  answer: ((rows: readonly LedgerRow[]) => AppendReply | undefined) | undefined;

  override async append(rows: readonly LedgerRow[]): Promise<AppendReply> {
    return this.answer?.(rows) ?? super.append(rows);
  }
}

function setUp(limits: { nextRecordsMax?: number } = {}) {
  const clock = new ManualClock({ wallMs: Date.UTC(2026, 10, 22, 12, 0, 10) });
  const log = new MemoryEventLog(clock, limits);
  log.createTopic(eventsTopic, 4);
  const ledger = new ScriptedLedger();
  const producer = log.openProducer(eventsTopic);
  const produce = async (...records: EventRecord[]) => {
    expect(await producer.append(records)).toEqual({ kind: "appended" });
  };
  const begin = () => {
    const meter = new MemoryMeter();
    const news: AuditorNews[] = [];
    const listener = (each: AuditorNews) => void news.push(each);
    const auditor = new Auditor({ log, ledger, clock, meter, listener });
    auditor.start();
    stops.push(() => auditor.stop());
    const told = (kind: AuditorNews["kind"]) => news.filter((each) => each.kind === kind);
    return { auditor, meter, told };
  };
  const chainOf = async ({ cluster }: EventScript, of = ledger) => {
    const page = await of.chain({ cluster, limit: 1_000 });
    return page.kind === "page" ? page.rows : [];
  };
  const violations = async () => {
    const list = await ledger.violations(everything);
    return list.kind === "list" ? list.items : [];
  };
  const parked = async () => {
    const list = await ledger.parked({ limit: 100 });
    return list.kind === "list" ? list.items : [];
  };
  return { clock, log, ledger, produce, begin, chainOf, violations, parked };
}

/** A record of no chain, whose line is `text`. */
function odd(text: string, key = "default/a"): EventRecord {
  return { key: utf8(key), value: utf8(text), headers: {} };
}

test("every event becomes the row that its line and its place in the chain say", async () => {
  const { clock, produce, begin, chainOf, ledger } = setUp();
  const script = new EventScript();
  const records = ["a", "b", "c"].flatMap((name) => script.tenure(name, `grant of ${name}`));
  await produce(...records);
  const { meter } = begin();
  await clock.advance(100);
  const rows = await chainOf(script);
  expect(rows.map(({ sequence }) => sequence)).toEqual([1n, 2n, 3n, 4n, 5n, 6n]);
  expect(rows.map(({ line }) => line)).toEqual(records.map(({ value }) => value));
  expect(rows[2]).toMatchObject({
    ...{ kind: "LockAcquired", revision: 3n, index: 0, day: "2026-11-22", token: 102n },
    ...{ grantId: "grant of b", session: "session of grant of b", lock: lockNamed("b") },
    previousHash: rows[1]?.hash,
  });
  expect(meter.read("holdfast_audit_rows_total")).toBe(6);
  // Nearly ten seconds old, for the clock says so.
  expect(meter.observed("holdfast_audit_age_seconds")?.upTo.get(5)).toBe(0);
  expect(meter.observed("holdfast_audit_age_seconds")?.upTo.get(30)).toBe(1);
  // The days to come are open already.
  const days = await ledger.days({ limit: 10 });
  expect(days.kind === "days" && days.days.map(({ day }) => day)).toEqual([
    "2026-11-22",
    "2026-11-23",
    "2026-11-24",
  ]);
});

test("a ledger without space, or away, is waited for, and nothing is committed meanwhile", async () => {
  const { clock, ledger, produce, begin, chainOf } = setUp();
  const script = new EventScript();
  ledger.noSpace = true;
  await produce(...script.tenure("a", "g1"));
  const first = begin();
  await clock.advance(60_000);
  expect(first.told("waiting")).toHaveLength(1);
  expect(first.auditor.trouble).toBe("waits for the ledger: the ledger's space is used up");
  expect(first.meter.read("holdfast_audit_waiting", { for: "ledger" })).toBe(1);
  await first.auditor.stop();
  // Nothing was committed: whoever comes next has it all to store.
  ledger.noSpace = false;
  ledger.answer = () => ({ kind: "unavailable", message: "away" });
  const second = begin();
  await clock.advance(60_000);
  ledger.answer = undefined;
  await clock.advance(5_000);
  expect(await chainOf(script)).toHaveLength(2);
  expect(second.auditor.trouble).toBeUndefined();
  expect(second.told("resumed")).toEqual([{ kind: "resumed", for: "ledger" }]);
  expect(second.meter.read("holdfast_audit_waiting", { for: "ledger" })).toBe(0);
});

test("an append whose answer is lost is made again, and no row is there twice", async () => {
  const { clock, ledger, produce, begin, chainOf } = setUp();
  const script = new EventScript();
  let lost = 0;
  const inner = new MemoryLedger();
  ledger.answer = (rows) => {
    if (lost++ > 2) return undefined;
    void inner.append(rows);
    return { kind: "unknown", message: "the answer was lost" };
  };
  await produce(...script.tenure("a", "g1"));
  begin();
  await clock.advance(5_000);
  expect(await chainOf(script)).toHaveLength(2);
  expect(await chainOf(script, inner as ScriptedLedger)).toHaveLength(2);
});

test("records that are no events are parked as they were, counted, and gone past", async () => {
  const { clock, produce, begin, chainOf, parked } = setUp();
  const script = new EventScript();
  const good = script.tenure("a", "g1");
  const newer = odd('{"v":9,"kind":"LockDreamt"}');
  const strange = { ...script.granted("b", "g2"), headers: { seq: "x" } };
  const late = script.record({ kind: "SessionOpened", session: "a\0b", ttlMs: 1 });
  await produce(good[0]!, newer, odd("\0not json"), strange, late, good[1]!);
  const { meter, told } = begin();
  await clock.advance(100);
  expect(await chainOf(script)).toHaveLength(2);
  const kept = await parked();
  const reasons = kept.map(({ reason }) => reason).sort();
  expect(reasons).toEqual(["damaged", "damaged", "unknown-version", "unstorable"]);
  const unknown = kept.find(({ reason }) => reason === "unknown-version");
  expect(unknown).toMatchObject({ ...newer, topic: eventsTopic });
  expect(unknown?.message).toBe('version 9 with the name "LockDreamt"');
  const count = (reason: string) => meter.read("holdfast_audit_parked_total", { reason });
  expect(["damaged", "unknown-version", "unstorable", "conflict"].map(count)).toEqual([2, 1, 1, 0]);
  expect(told("parked")).toHaveLength(1);
});

test("an event the ledger alone finds fault with is found among thousands, and parked", async () => {
  const { clock, ledger, produce, begin, chainOf, parked } = setUp();
  const script = new EventScript();
  await produce(...Array.from({ length: 300 }, (_, at) => script.granted("a", `g${at}`)));
  let appends = 0;
  ledger.answer = (rows) => {
    appends += 1;
    const isBad = rows.some(({ revision }) => revision === 77n);
    return isBad ? { kind: "refused", reason: "invalid", message: "22021" } : undefined;
  };
  begin();
  await clock.advance(100);
  expect(await chainOf(script)).toHaveLength(299);
  expect(await parked()).toMatchObject([{ reason: "unstorable", message: "22021" }]);
  expect(appends).toBeLessThan(25);
});

test("two events that say they are the same are told, and the second is parked", async () => {
  const { clock, produce, begin, chainOf, parked } = setUp();
  const script = new EventScript();
  const twin = new EventScript();
  await produce(script.granted("a", "g1"));
  const { told } = begin();
  await clock.advance(100);
  await produce(twin.granted("a", "forged"));
  await clock.advance(100);
  expect(await chainOf(script)).toMatchObject([{ grantId: "g1" }]);
  expect(await parked()).toMatchObject([{ reason: "conflict" }]);
  expect(told("conflicts")).toMatchObject([{ conflicts: [{ identity: { revision: 1n } }] }]);
});

test("rows for a day that was dropped are stored, and told", async () => {
  const { clock, ledger, produce, begin, chainOf } = setUp();
  const old = new EventScript({ startMs: Date.UTC(2026, 10, 1) });
  await ledger.openDays(["2026-11-01"]);
  await ledger.dropDay("2026-11-01", 0);
  await produce(old.granted("a", "g1"));
  const { meter, told } = begin();
  await clock.advance(100);
  expect(await chainOf(old)).toHaveLength(1);
  expect(told("late-days")).toEqual([{ kind: "late-days", days: ["2026-11-01"] }]);
  expect(meter.read("holdfast_audit_late_batches_total")).toBe(1);
});

test("a second grant of a held lock is an alarm, a count and a record, also without a ledger", async () => {
  const { clock, ledger, produce, begin, violations } = setUp();
  const script = new EventScript();
  await produce(...script.tenure("a", "g1"), script.granted("a", "g2"));
  const { meter, told } = begin();
  await clock.advance(100);
  expect(told("violation")).toEqual([]);
  const count = () => meter.read("holdfast_safety_violations_total", { rule: "two-exclusive" });
  expect(count()).toBe(0);
  ledger.answer = () => ({ kind: "unavailable", message: "away" });
  await produce(script.granted("a", "planted"));
  await clock.advance(100);
  expect(told("violation")).toMatchObject([
    { violation: { rule: "two-exclusive", lock: lockNamed("a") } },
  ]);
  expect(count()).toBe(1);
  expect(await violations()).toEqual([]);
  ledger.answer = undefined;
  await clock.advance(5_000);
  const [found, ...more] = await violations();
  expect(more).toEqual([]);
  expect(found).toMatchObject({
    ...{ rule: "two-exclusive", lock: lockNamed("a"), atMs: Date.UTC(2026, 10, 22, 12) + 4 },
    events: [{ cluster: script.cluster, revision: 4n, index: 0 }],
  });
  expect(found?.message).toMatch(/planted .* was granted while g2 .* held the lock/);
});

test("an auditor that dies before its commit leaves nothing out, and nothing twice", async () => {
  const { clock, log, produce, begin, chainOf } = setUp();
  const script = new EventScript();
  await produce(...script.tenure("a", "g1"));
  // The rows are stored, and the commit is not heard.
  const { auditor, told } = begin();
  await clock.advance(0);
  log.reachable = false;
  await clock.advance(10_000);
  await auditor.stop();
  expect(told("waiting").length).toBeGreaterThan(0);
  log.reachable = true;
  await produce(...script.tenure("a", "g2"));
  const next = begin();
  await clock.advance(100);
  expect(await chainOf(script)).toHaveLength(4);
  expect(next.told("violation")).toEqual([]);
});

test("a log that is away is waited for, and told once", async () => {
  const { clock, log, produce, begin, chainOf } = setUp();
  const script = new EventScript();
  await produce(...script.tenure("a", "g1"));
  log.reachable = false;
  const { auditor, told } = begin();
  await clock.advance(30_000);
  expect(auditor.trouble).toMatch(/waits for the log/);
  log.reachable = true;
  await clock.advance(2_000);
  expect(await chainOf(script)).toHaveLength(2);
  expect(told("waiting")).toHaveLength(1);
  expect(told("resumed")).toHaveLength(1);
});

test("members that come and go in mid-batch lose nothing, store nothing twice and raise no alarm", async () => {
  const { clock, ledger, produce, begin, chainOf, violations, parked } = setUp({
    nextRecordsMax: 7,
  });
  const script = new EventScript();
  let appends = 0;
  // Slow now and then, so that partitions are given out anew while a batch is on its way.
  ledger.answer = () =>
    appends++ % 3 === 0 ? { kind: "unavailable", message: "slow" } : undefined;
  const members = [begin()];
  for (let round = 0; round < 30; round++) {
    const names = Array.from({ length: 8 }, (_, lock) => `l${lock}`);
    await produce(...names.flatMap((name) => script.tenure(name, `${name} in ${round}`)));
    if (round % 4 === 1) members.push(begin());
    if (round % 4 === 3) await members.shift()?.auditor.stop();
    await clock.advance(150);
  }
  await clock.advance(20_000);
  const rows = await chainOf(script);
  expect(rows.map(({ sequence }) => sequence)).toEqual(
    Array.from({ length: script.count }, (_, at) => BigInt(at + 1)),
  );
  expect(await violations()).toEqual([]);
  expect(await parked()).toEqual([]);
});
