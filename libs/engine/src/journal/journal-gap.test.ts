import { SeededRandom } from "@holdfast/base/random";
import type { AuditEvent } from "@holdfast/core/audit/event";
import { expect, test } from "vitest";
import type { JournalRig } from "../testing/journal-rig.ts";
import { MortalProcess } from "../testing/mortal-process.ts";
import { startJournalRig } from "../testing/start-journal-rig.ts";

const partitions = 3;

function names(count: number, prefix = "l"): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

function isGap(event: AuditEvent): event is Extract<AuditEvent, { readonly kind: "AuditGap" }> {
  return event.kind === "AuditGap";
}

/** Forgets all history but the last `kept` revisions. */
async function compact(rig: JournalRig, kept = 0n): Promise<bigint> {
  const revision = (await rig.revision()) - kept;
  await rig.store.compact(revision);
  return revision;
}

const brief = ({ kind, found, ...rest }: AuditEvent): string => {
  const name = "lock" in rest ? ` ${rest.lock?.name}` : "";
  return `${kind}${name}${found ? " found" : ""}`;
};

test("history that is gone before it was read is one gap in every partition, then what stands", async () => {
  const rig = startJournalRig();
  const first = rig.start();
  await rig.acquire(["kept", "ended"]);
  await rig.clock.advance(1_500);
  void first.journal.stop();
  await rig.clock.advance(1_000);
  const from = await rig.revision();
  await rig.acquire(["came", "went"]);
  await rig.release(["ended", "went"]);
  const missingTo = await compact(rig);
  await rig.acquire(["later"]);
  const heard: AuditEvent[] = [];
  const { count, notices } = rig.start({ onEvents: (events) => heard.push(...events) });
  await rig.clock.advance(10_000);
  await rig.release(["came"]);
  await rig.clock.advance(1_000);
  const topic = await rig.read();
  expect(topic.events.map(brief)).toEqual([
    ...["LockAcquired ended", "LockAcquired kept", "AuditGap"],
    ...["LockAcquired came found", "LockAcquired kept found"],
    ...["LockAcquired later", "LockReleased came"],
  ]);
  const [gap] = topic.events.filter(isGap);
  expect(gap).toMatchObject({ missingTo, revision: missingTo, index: 0 });
  expect(gap?.missingFrom).toBeLessThanOrEqual(from + 1n);
  expect(gap && topic.partitionsOf(gap)).toBe(partitions);
  expect(heard).toEqual(topic.events.slice(2));
  // Of what stood the tokens and the time of the gap are told, and nothing is missing behind it.
  const kept = topic.events.filter((event) => "lock" in event && event.lock?.name === "kept");
  expect(kept.map((event) => "token" in event && event.token)).toEqual(
    Array(2).fill(kept[0] && "token" in kept[0] && kept[0].token),
  );
  expect(gap?.atMs).toBeGreaterThan(0);
  expect(topic.damage).toBeUndefined();
  expect(count("gaps_total")).toBe(1);
  expect(notices).toContainEqual(expect.objectContaining({ action: "history-gone" }));
});

test("a journal that meets a shard with a compacted past begins its chain with a gap", async () => {
  const rig = startJournalRig();
  await rig.acquire(names(3));
  await rig.release(["l0"]);
  const missingTo = await compact(rig);
  rig.start();
  await rig.clock.advance(2_000);
  const topic = await rig.read();
  expect(topic.events.map(brief)).toEqual([
    ...["AuditGap", "LockAcquired l1 found", "LockAcquired l2 found"],
  ]);
  expect(topic.events[0]).toMatchObject({ missingFrom: 1n, missingTo });
  expect(topic.damage).toBeUndefined();
});

/** Starts a journal that dies once the log has its first records, before it can say so. */
function startDyingOnAppend(rig: JournalRig): MortalProcess {
  const process = new MortalProcess(new SeededRandom(1));
  rig.start({
    store: (store) => process.store(store),
    log: (log) => process.fatalLog(log, { hears: false }),
  });
  return process;
}

test("a chain does not fork where the records before the gap are in the log without a checkpoint", async () => {
  const rig = startJournalRig();
  const process = startDyingOnAppend(rig);
  await rig.clock.advance(100);
  await rig.acquire(names(3));
  await rig.clock.advance(100);
  expect(process.isDead).toBe(true);
  await rig.acquire(["after"]);
  await compact(rig);
  rig.start();
  await rig.clock.advance(10_000);
  const topic = await rig.read();
  expect(topic.events.map(brief)).toEqual([
    ...["LockAcquired l0", "LockAcquired l1", "LockAcquired l2", "AuditGap"],
    ...["LockAcquired after found", "LockAcquired l0 found"],
    ...["LockAcquired l1 found", "LockAcquired l2 found"],
  ]);
  expect(topic.damage).toBeUndefined();
});

test("what may be in the log already is not told in another form, though it still stands", async () => {
  const rig = startJournalRig();
  const process = startDyingOnAppend(rig);
  await rig.clock.advance(100);
  for (const name of names(4)) await rig.acquire([name]);
  await rig.clock.advance(100);
  expect(process.isDead).toBe(true);
  const told = (await rig.read()).events;
  expect(told).toHaveLength(4);
  await rig.store.compact(told[1]?.revision ?? 0n);
  rig.start();
  await rig.clock.advance(10_000);
  const topic = await rig.read();
  expect(topic.events.map(brief)).toEqual([
    ...names(4).map((name) => `LockAcquired ${name}`),
    ...["AuditGap", ...names(4).map((name) => `LockAcquired ${name} found`)],
  ]);
  expect(topic.damage).toBeUndefined();
});

test.each([2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 18, 20, 25, 30])(
  "a journal that dies while it tells a gap is gone on from with the same records (call %i)",
  async (calls) => {
    const rig = startJournalRig();
    for (let part = 0; part < 10; part++) await rig.acquire(names(120, `${part}-`));
    await compact(rig);
    const process = new MortalProcess(new SeededRandom(calls));
    rig.start({ store: (store) => process.store(store), log: (log) => process.log(log) });
    process.dieIn(calls);
    await rig.clock.advance(2_000);
    process.die();
    rig.start();
    await rig.acquire(["later"]);
    await rig.clock.advance(15_000);
    const topic = await rig.read();
    expect(topic.events.filter(isGap)).toHaveLength(1);
    expect(topic.events.filter(({ found }) => found)).toHaveLength(1_200);
    expect(topic.events.at(-1)).toMatchObject({ lock: { name: "later" } });
    expect(topic.damage).toBeUndefined();
  },
);

test("history that goes while a gap is told makes another gap, and the chain goes on", async () => {
  const rig = startJournalRig();
  for (let part = 0; part < 10; part++) await rig.acquire(names(120, `${part}-`));
  await compact(rig);
  rig.log.reachable = false;
  const { count } = rig.start();
  await rig.clock.advance(1_000);
  await rig.acquire(["later"]);
  await compact(rig);
  rig.log.reachable = true;
  await rig.clock.advance(10_000);
  const topic = await rig.read();
  const gaps = topic.events.filter(isGap);
  expect(gaps.map(({ missingFrom }) => missingFrom)).toEqual([1n, 1n]);
  expect(count("gaps_total")).toBe(2);
  const found = topic.events.filter(
    ({ found, revision }) => found && revision === gaps[1]?.revision,
  );
  expect(found).toHaveLength(1_201);
  expect(topic.damage).toBeUndefined();
});

test("a gap waits for the topic's partitions to be known, and for the shard to answer", async () => {
  const rig = startJournalRig({}, 0);
  await rig.acquire(names(3));
  await compact(rig);
  const { notices } = rig.start();
  await rig.clock.advance(5_000);
  expect(notices).toContainEqual(expect.objectContaining({ action: "topic-missing" }));
  rig.log.createTopic("holdfast.events.v1", 5);
  await rig.clock.advance(10_000);
  const topic = await rig.read();
  const [gap] = topic.events.filter(isGap);
  expect(gap && topic.partitionsOf(gap)).toBe(5);
  expect(topic.events).toHaveLength(4);
});
