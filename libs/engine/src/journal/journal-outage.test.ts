import { expect, test } from "vitest";
import { Compaction, presentUnlessJournaled } from "../compaction.ts";
import { eventsTopic } from "../event-record.ts";
import type { EventLog } from "../ports/event-log.ts";
import type { ShardStore } from "../ports/shard-store.ts";
import type { JournalRig } from "../testing/journal-rig.ts";
import { startJournalRig } from "../testing/start-journal-rig.ts";

const minuteMs = 60_000;

function names(count: number, prefix = "l"): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

async function expectWhole(rig: JournalRig): Promise<void> {
  const topic = await rig.read();
  expect(topic.events).toEqual(rig.happened);
  expect(topic.damage).toBeUndefined();
}

/** Counts the watches that are open, and the revisions that were asked to be forgotten. */
function observed(store: ShardStore) {
  const seen = { open: 0, compacted: [] as bigint[] };
  const observing: ShardStore = {
    commit: (txn) => store.commit(txn),
    range: (range) => store.range(range),
    rangeAt: (range, revision) => store.rangeAt(range, revision),
    grantLease: (ttlS) => store.grantLease(ttlS),
    keepAlive: (lease) => store.keepAlive(lease),
    revokeLease: (lease) => store.revokeLease(lease),
    leaseKeys: (lease) => store.leaseKeys(lease),
    watch: (request, listener) => {
      seen.open += 1;
      const watch = store.watch(request, listener);
      return {
        cancel: () => {
          seen.open -= 1;
          watch.cancel();
        },
      };
    },
    compact: (revision) => {
      seen.compacted.push(revision);
      return store.compact(revision);
    },
  };
  return { seen, observing };
}

test("ten minutes without a broker lose nothing, and the history is kept meanwhile", async () => {
  const rig = startJournalRig();
  const { seen, observing } = observed(rig.store);
  const { count, notices } = rig.start({ store: () => observing });
  await rig.clock.advance(1_000);
  await rig.acquire(["before"]);
  await rig.clock.advance(1_000);
  const revision = await rig.revision();
  rig.log.reachable = false;
  for (let second = 0; second < 600; second++) {
    if (second % 6 === 0) await rig.acquire(names(60, `${second}-`));
    await rig.clock.advance(1_000);
  }
  expect(count("backlog_seconds")).toBeGreaterThan(590);
  expect(count("backlog_revisions")).toBeGreaterThan(690);
  expect(count("append_failures_total", "unavailable")).toBeGreaterThan(100);
  // As often as a log may speak, not as often as it was tried.
  const complaints = notices.filter(({ action }) => action === "append-unavailable");
  expect(complaints.length).toBeLessThan(25);
  // What is behind the checkpoint is still there.
  expect(seen.compacted.every((each) => each <= revision)).toBe(true);
  rig.log.reachable = true;
  await rig.clock.advance(20_000);
  await expectWhole(rig);
  expect(rig.happened).toHaveLength(6_001);
  expect(count("backlog_seconds")).toBe(0);
  // What happened in the outage has the time it had.
  const spread = (rig.happened.at(-1)?.atMs ?? 0) - (rig.happened[1]?.atMs ?? 0);
  expect(spread).toBeGreaterThan(9 * minuteMs);
}, 30_000);

test("a backlog of more than may wait stays in the store until there is room", async () => {
  // A batch is of 4 appends, and 8 batches may wait, so 1.6 MB.
  const rig = startJournalRig({ appendBytesMax: 50_000 });
  const { seen, observing } = observed(rig.store);
  rig.start({ store: () => observing });
  await rig.clock.advance(1_000);
  rig.log.reachable = false;
  const before = seen.open;
  for (let part = 0; part < 10; part++) {
    await rig.acquire(names(500, `${part}-`), { owner: "o".repeat(200) });
    await rig.clock.advance(10);
  }
  expect([before, seen.open]).toEqual([1, 0]);
  rig.log.reachable = true;
  await rig.clock.advance(20_000);
  expect(seen.open).toBe(1);
  await expectWhole(rig);
  expect(rig.happened).toHaveLength(5_000);
}, 30_000);

test("a journal compacts to where its checkpoint was five minutes ago, and nobody else does", async () => {
  const rig = startJournalRig();
  const placement = observed(rig.store);
  const present = presentUnlessJournaled(placement.observing);
  const compaction = new Compaction(placement.observing, rig.clock, present);
  compaction.start();
  await rig.clock.advance(7 * minuteMs);
  // Until there is a journal the placement service does it.
  expect(placement.seen.compacted.length).toBeGreaterThan(0);
  const journal = observed(rig.store);
  rig.start({ store: () => journal.observing });
  await rig.clock.advance(1_000);
  const [from, before] = [await rig.revision(), placement.seen.compacted.length];
  await rig.clock.advance(12 * minuteMs);
  expect(placement.seen.compacted).toHaveLength(before);
  const compacted = journal.seen.compacted.at(-1) ?? 0n;
  expect(compacted).toBeGreaterThan(from);
  // A mark a second and a checkpoint now and then, for five minutes.
  expect((await rig.revision()) - compacted).toBeGreaterThan(300n);
  expect((await rig.revision()) - compacted).toBeLessThan(500n);
  compaction.stop();
});

test("a shard without space is told on from where it was once there is space again", async () => {
  const rig = startJournalRig();
  const { count, notices } = rig.start();
  await rig.clock.advance(1_000);
  await rig.acquire(names(3));
  rig.store.noSpace = true;
  await rig.clock.advance(60_000);
  expect(count("backlog_seconds")).toBeGreaterThan(50);
  const complaints = notices.filter(({ action }) => action === "checkpoint-failed");
  expect(complaints.map(({ message }) => message)).toEqual(Array(2).fill("space exceeded"));
  rig.store.noSpace = false;
  await rig.clock.advance(10_000);
  await expectWhole(rig);
  expect(count("backlog_seconds")).toBe(0);
});

test("a journal that meets a shard without space leads once there is space", async () => {
  const rig = startJournalRig();
  await rig.acquire(names(3));
  rig.store.noSpace = true;
  const { notices } = rig.start();
  await rig.clock.advance(20_000);
  expect(notices.map(({ action }) => action)).toEqual(["election-failed"]);
  rig.store.noSpace = false;
  await rig.clock.advance(10_000);
  await expectWhole(rig);
});

test("a topic that is not there holds everything up, in the open, until it is", async () => {
  const rig = startJournalRig({}, 0);
  const { count, notices } = rig.start();
  await rig.acquire(names(3));
  await rig.clock.advance(10_000);
  expect(notices).toContainEqual(
    expect.objectContaining({ level: "error", action: "append-topic-missing" }),
  );
  rig.log.createTopic(eventsTopic, 2);
  await rig.clock.advance(10_000);
  await expectWhole(rig);
  expect(count("events_total")).toBe(3);
});

/** A log whose topic takes no longer batch than so, in bytes of values. */
function smallTopic(log: EventLog, limit: { bytesMax: number }): EventLog {
  return {
    limits: log.limits,
    checkTopic: (topic, partitionsMin) => log.checkTopic(topic, partitionsMin),
    openConsumer: (group, topics) => log.openConsumer(group, topics),
    close: () => log.close(),
    openProducer: (topic) => {
      const producer = log.openProducer(topic);
      return {
        close: () => producer.close(),
        append: async (records) => {
          const bytes = records.reduce((sum, { value }) => sum + value.length, 0);
          if (bytes <= limit.bytesMax) return producer.append(records);
          return { kind: "refused", reason: "too-large", message: `${bytes} bytes` };
        },
      };
    },
  };
}

test("a topic that takes smaller batches than a broker usually does gets smaller ones", async () => {
  const rig = startJournalRig();
  const { notices } = rig.start({ log: (log) => smallTopic(log, { bytesMax: 2_000 }) });
  await rig.acquire(names(100));
  await rig.clock.advance(5_000);
  await expectWhole(rig);
  expect(notices.filter(({ level }) => level === "error")).toEqual([]);
});

test("a record that the topic refuses is not left out: all waits until the topic takes it", async () => {
  const rig = startJournalRig();
  const limit = { bytesMax: 450 };
  const { count, notices } = rig.start({ log: (log) => smallTopic(log, limit) });
  await rig.acquire(["small"]);
  await rig.acquire(["big"], { owner: "o".repeat(256) });
  await rig.acquire(["behind"]);
  await rig.clock.advance(10_000);
  expect(count("append_failures_total", "too-large")).toBeGreaterThan(1);
  const [error] = notices.filter(({ level }) => level === "error");
  expect(error?.message).toContain("max.message.bytes");
  const told = (await rig.read()).events.map((event) => "lock" in event && event.lock?.name);
  expect(told).toEqual(["small"]);
  limit.bytesMax = 1_000;
  await rig.clock.advance(10_000);
  await expectWhole(rig);
});

test("a revision that is larger than a batch may be comes in several", async () => {
  const rig = startJournalRig({ appendBytesMax: 2_000, appendRecordsMax: 3 });
  rig.start();
  await rig.acquire(names(100));
  await rig.clock.advance(5_000);
  await expectWhole(rig);
});
