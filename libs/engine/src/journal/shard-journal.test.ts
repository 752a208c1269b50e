import { emptyBytes as empty } from "@holdfast/base/bytes";
import { SeededRandom } from "@holdfast/base/random";
import type { AuditEvent } from "@holdfast/core/audit/event";
import { timeMarkKey } from "@holdfast/core/audit/time-mark";
import { journalKey, journalLeaderKey } from "@holdfast/core/lock/keys";
import { expect, test } from "vitest";
import { MortalProcess } from "../testing/mortal-process.ts";
import { startJournalRig } from "../testing/start-journal-rig.ts";
import type { TopicReader } from "../testing/topic-reader.ts";
import { decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";

const startMs = Date.UTC(2026, 0, 1);

function names(count: number, prefix = "l"): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

/** What happened, each once and in its order; the chain is whole. */
function expectWhole(topic: TopicReader, happened: readonly AuditEvent[]): void {
  expect(topic.events).toEqual(happened);
  expect(topic.damage).toBeUndefined();
}

test("what happens to locks stands in the topic, in order, chained, with the time it had", async () => {
  const rig = startJournalRig();
  const told: AuditEvent[] = [];
  const { count } = rig.start({ onEvents: (events) => told.push(...events) });
  await rig.clock.advance(1_500);
  await rig.acquire(names(3));
  await rig.clock.advance(2_000);
  await rig.release(names(2));
  await rig.clock.advance(1_000);
  const topic = await rig.read();
  expect(topic.events.map(({ kind, atMs }) => `${kind} ${atMs - startMs}`)).toEqual([
    ...["LockAcquired 1000", "LockAcquired 1000", "LockAcquired 1000"],
    ...["LockReleased 3000", "LockReleased 3000"],
  ]);
  expectWhole(topic, rig.happened);
  expect([topic.duplicates, told]).toEqual([0, rig.happened]);
  expect(count("leader")).toBe(1);
  expect(count("events_total")).toBe(5);
});

test("what happened before there was a journal is told, without a time", async () => {
  const rig = startJournalRig();
  await rig.acquire(names(2));
  rig.start();
  await rig.clock.advance(1_000);
  const topic = await rig.read();
  expectWhole(topic, rig.happened);
  expect(topic.events.map(({ atMs }) => atMs)).toEqual([0, 0]);
});

test("of two journals one reads, and the other one goes on where it dies", async () => {
  const rig = startJournalRig();
  const process = new MortalProcess(new SeededRandom(1));
  const first = rig.start({ store: (store) => process.store(store) });
  await rig.clock.advance(100);
  const second = rig.start();
  await rig.acquire(names(2, "a"));
  await rig.clock.advance(2_000);
  expect(second.count("leader")).toBe(0);
  process.die();
  await rig.acquire(names(2, "b"));
  await rig.clock.advance(10_000);
  expect(second.count("leader")).toBe(1);
  expect(first.count("events_total")).toBe(2);
  expectWhole(await rig.read(), rig.happened);
});

test("a journal that is stopped finishes what it read, and another one reads at once", async () => {
  const rig = startJournalRig();
  const { journal } = rig.start();
  await rig.clock.advance(100);
  const second = rig.start();
  await rig.clock.advance(100);
  await rig.acquire(names(5));
  await rig.clock.advance(1);
  const stopped = journal.stop();
  await rig.clock.advance(700);
  await stopped;
  expect(second.count("leader")).toBe(1);
  const topic = await rig.read();
  expectWhole(topic, rig.happened);
  expect(topic.duplicates).toBe(0);
});

test("two that both believe they read tell the same, and the overtaken one finds out", async () => {
  const rig = startJournalRig();
  const first = rig.start();
  await rig.clock.advance(100);
  const second = rig.start();
  await rig.clock.advance(100);
  for (let round = 0; round < 20; round++) {
    // As if its lease had ended and its keepalives not told it yet.
    await rig.store.commit({
      compares: [],
      success: [{ kind: "delete", key: journalLeaderKey }],
      failure: [],
    });
    await rig.acquire(names(3, `${round}-`));
    await rig.clock.advance(150);
  }
  await rig.clock.advance(10_000);
  expectWhole(await rig.read(), rig.happened);
  const leaders = [first, second].map(({ count }) => count("leader"));
  expect(leaders.sort()).toEqual([0, 1]);
});

test("who reads no more has no backlog, however much there was", async () => {
  const rig = startJournalRig();
  const overtaken = rig.start();
  await rig.clock.advance(1_500);
  rig.log.reachable = false;
  await rig.acquire(names(3));
  await rig.clock.advance(60_000);
  expect(overtaken.count("backlog_seconds")).toBeGreaterThan(30);
  rig.start();
  await rig.clock.advance(100);
  const success = [{ kind: "delete", key: journalLeaderKey }] as const;
  await rig.store.commit({ compares: [], success, failure: [] });
  await rig.clock.advance(30_000);
  expect(overtaken.count("leader")).toBe(0);
  expect(overtaken.count("backlog_seconds")).toBe(0);
  expect(overtaken.count("backlog_revisions")).toBe(0);
});

test("a journal that dies after the log has its records tells them again, in the same bytes", async () => {
  const rig = startJournalRig();
  const process = new MortalProcess(new SeededRandom(1));
  rig.start({
    store: (store) => process.store(store),
    log: (log) => process.fatalLog(log, { hears: true }),
  });
  await rig.clock.advance(100);
  await rig.acquire(names(5));
  await rig.clock.advance(100);
  expect(process.isDead).toBe(true);
  rig.start();
  await rig.clock.advance(10_000);
  const topic = await rig.read();
  expectWhole(topic, rig.happened);
  expect(topic.duplicates).toBe(5);
});

test.each(Array.from({ length: 20 }, (_, seed) => seed))(
  "journals that die at any moment leave nothing out and fork nothing (seed %i)",
  async (seed) => {
    const rig = startJournalRig({ appendRecordsMax: 7 });
    const random = new SeededRandom(seed);
    for (let life = 0; life < 6; life++) {
      const process = new MortalProcess(random);
      rig.start({ store: (store) => process.store(store), log: (log) => process.log(log) });
      process.dieIn(3 + Math.floor(random.next() * 40));
      for (let round = 0; !process.isDead && round < 40; round++) {
        const some = names(1 + Math.floor(random.next() * 12));
        if (random.next() < 0.7) await rig.acquire(some);
        else await rig.release(some);
        rig.log.losesAnswers = random.next() < 0.2;
        if (random.next() < 0.1) rig.store.interruptWatches();
        await rig.clock.advance(random.next() * 400);
      }
      process.die();
    }
    rig.log.losesAnswers = false;
    rig.start();
    await rig.clock.advance(20_000);
    expectWhole(await rig.read(), rig.happened);
    expect(rig.happened.length).toBeGreaterThan(20);
  },
);

test("time does not go back where the next journal's clock is minutes behind", async () => {
  const rig = startJournalRig();
  const ahead = rig.start({ aheadMs: 3 * 60_000 });
  await rig.clock.advance(1_000);
  await rig.acquire(["a"]);
  await rig.clock.advance(1_000);
  rig.start();
  const stopped = ahead.journal.stop();
  await rig.clock.advance(1_000);
  await stopped;
  await rig.release(["a"]);
  await rig.clock.advance(4 * 60_000);
  await rig.acquire(["a"]);
  await rig.clock.advance(2_000);
  const topic = await rig.read();
  expectWhole(topic, rig.happened);
  const times = topic.events.map(({ atMs }) => atMs - startMs);
  expect(times).toEqual(times.toSorted((left, right) => left - right));
  expect(times[2]).toBe(243_000);
});

test("an owner of every plane of Unicode is told as it is", async () => {
  const rig = startJournalRig();
  rig.start();
  const planes = Array.from({ length: 17 }, (_, plane) =>
    String.fromCodePoint(plane * 65_536 + 80),
  );
  const owner = planes.join("\u2028");
  await rig.acquire(["a"], { owner });
  await rig.clock.advance(1_000);
  const topic = await rig.read();
  expect(topic.events).toMatchObject([{ owner }]);
  expect(topic.damage).toBeUndefined();
});

test("a checkpoint that a newer version wrote stops the journal, and says so", async () => {
  const rig = startJournalRig();
  const value = new TextEncoder().encode('{"v":2}');
  await rig.store.commit({
    compares: [],
    success: [{ kind: "put", key: journalKey, value, lease: 0n }],
    failure: [],
  });
  const { notices } = rig.start();
  await rig.acquire(["a"]);
  await rig.clock.advance(5_000);
  expect((await rig.read()).events).toEqual([]);
  expect(notices).toContainEqual(expect.objectContaining({ action: "checkpoint-unreadable" }));
});

test("history that comes to other records than before is told all the same, and counted", async () => {
  const rig = startJournalRig();
  const process = new MortalProcess(new SeededRandom(1));
  rig.start({ store: (store) => process.store(store), log: (log) => process.log(log) });
  await rig.clock.advance(100);
  rig.log.reachable = false;
  await rig.acquire(["a"]);
  await rig.clock.advance(100);
  process.die();
  // As a journal would have left it that writes events in another way.
  const stored = await rig.store.range({ kind: "range", key: journalKey });
  const checkpoint =
    stored.kind === "read" && decodeCheckpoint(stored.range.kvs[0]?.value ?? empty);
  if (!checkpoint) throw new Error("there is a checkpoint");
  const { intended } = checkpoint;
  const head = { ...intended.head, hash: intended.head.hash.map((byte) => byte ^ 1) };
  const value = encodeCheckpoint({ ...checkpoint, intended: { ...intended, head } });
  await rig.store.commit({
    compares: [],
    success: [{ kind: "put", key: journalKey, value, lease: 0n }],
    failure: [],
  });
  rig.log.reachable = true;
  const { count, notices } = rig.start();
  await rig.clock.advance(10_000);
  expect(count("contradictions_total")).toBe(1);
  expect(notices).toContainEqual(expect.objectContaining({ action: "contradiction" }));
  expectWhole(await rig.read(), rig.happened);
});

test("an idle shard is written to once a second for the time, and every five for the checkpoint", async () => {
  const rig = startJournalRig();
  rig.start();
  await rig.clock.advance(10_000);
  const before = await rig.revision();
  await rig.clock.advance(60_000);
  const written = Number((await rig.revision()) - before);
  expect(written).toBeGreaterThanOrEqual(60);
  expect(written).toBeLessThanOrEqual(75);
  expect((await rig.store.range({ kind: "range", key: timeMarkKey })).kind).toBe("read");
});
