import { setTimeout as sleep } from "node:timers/promises";
import { integerBelow, SeededRandom } from "@holdfast/base/random";
import type { AuditEvent } from "@holdfast/core/audit/event";
import type { TopicReader } from "@holdfast/engine/testing/topic-reader";
import type { ServerProcess } from "@holdfast/toolchain/server-process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { linesOf } from "../log-lines.ts";
import { type JournaledShard, JournalStand, standMissing } from "./journal-stand.ts";
import { workOnLocks } from "./lock-workload.ts";

const seed = Number(process.env.HOLDFAST_SEED ?? Math.floor(performance.timeOrigin) % 1_000_000);

describe.skipIf(standMissing !== undefined)("a journal over a real etcd and a real Kafka", () => {
  let stand: JournalStand;
  beforeAll(async () => {
    stand = await JournalStand.start();
  });
  afterAll(() => stand?.[Symbol.asyncDispose]());

  it("waits for a topic that is not there, takes the shard over meanwhile, and says so", async () => {
    const shard = await stand.shard("later");
    const journal = shard.journal();
    journal.start();
    await workFor(shard, 300);
    await saidBy(journal, "waiting");
    expect(lines(journal).some(({ action }) => action === "ready")).toBe(false);
    expect(lines(journal).find(({ action }) => action === "waiting")).toMatchObject({
      level: "error",
      message: "there is no topic holdfast.events.v1",
    });
    // From its first moment on nobody else may compact the shard.
    expect(await shard.checkpoint()).toBeDefined();
    await stand.createTopic();
    expect(await journal.waitReady()).toBe(true);
    expectWhole(shard, await stand.read(await shard.told()));
  });

  it(`that is killed at any moment leaves nothing out and tells nothing in two forms (seed ${seed})`, async () => {
    const random = new SeededRandom(seed);
    const shard = await stand.shard();
    const journals = [shard.journal(), shard.journal()];
    for (const journal of journals) journal.start();
    let isOver = false;
    const work = workOnLocks(shard.region, random, () => isOver);
    for (let kill = 0; kill < 5; kill++) {
      await sleep(800 + random.next() * 1_500);
      const victim = journals[integerBelow(random, journals.length)] as ServerProcess;
      await victim.kill();
      victim.start();
    }
    isOver = true;
    await work;
    const topic = await stand.read(await shard.told());
    expectWhole(shard, topic);
    expect(shard.history.length).toBeGreaterThan(100);
  });

  it("tells all that happened while the broker was dead", async () => {
    const shard = await stand.shard();
    const journal = shard.journal();
    journal.start();
    await workFor(shard, 500);
    await shard.told();
    await stand.kafka.broker.process.kill();
    await workFor(shard, 1_000);
    const other = shard.journal();
    other.start();
    await saidBy(other, "waiting");
    expect(lines(other).find(({ action }) => action === "waiting")?.level).toBe("warn");
    // With work that it cannot finish it ends in time all the same, and loses none of it.
    const askedMs = performance.now();
    await journal.stop();
    expect(performance.now() - askedMs).toBeLessThan(5_000);
    expect(lines(journal).at(-1)?.action).toBe("stopped");
    await stand.kafka.broker.process.restart();
    expect(await other.waitReady()).toBe(true);
    await workFor(shard, 500);
    expectWhole(shard, await stand.read(await shard.told()));
  });

  it("waits for an etcd that is not there at its start, or later, and loses nothing", async () => {
    const shard = await stand.shard();
    const [member] = shard.etcd.cluster.members;
    await workFor(shard, 300);
    await member?.kill();
    const journal = shard.journal();
    journal.start();
    await saidBy(journal, "shard-unreachable");
    await member?.restart();
    await workFor(shard, 300);
    await shard.told();
    await member?.kill();
    await sleep(1_000);
    await member?.restart();
    await workFor(shard, 300);
    expectWhole(shard, await stand.read(await shard.told()));
  });

  it("tells of one gap where its history is compacted while it is dead, and goes on", async () => {
    const shard = await stand.shard();
    const journal = shard.journal();
    journal.start();
    await workFor(shard, 500);
    await shard.told();
    await journal.kill();
    await workFor(shard, 300);
    const session = await shard.region.open();
    const kept = await shard.region.grant("kept", { session });
    const revision = await shard.revision();
    expect(await shard.compact(revision)).toEqual({ kind: "compacted" });
    const after = await shard.region.grant("after", { session });
    journal.start();
    const topic = await stand.read(await shard.told());
    expect(topic.damage).toBeUndefined();
    const gaps = topic.events.filter(({ kind }) => kind === "AuditGap");
    expect(gaps).toMatchObject([{ missingTo: revision }]);
    expect(topic.partitionsOf(gaps[0] as AuditEvent)).toBe(4);
    const found = topic.events.filter((event) => event.found && "grantId" in event);
    expect(found).toMatchObject([{ grantId: kept.grantId, token: kept.token }]);
    const last = topic.events.findLast((event) => "grantId" in event);
    expect(last).toMatchObject({ kind: "LockAcquired", grantId: after.grantId });
  });

  it("that is asked to end does so within 5 s with code 0, and the next one reads at once", async () => {
    const shard = await stand.shard();
    const [first, second] = [shard.journal(), shard.journal()];
    first.start();
    await saidBy(first, "leading");
    second.start();
    expect(await second.waitReady()).toBe(true);
    const work = workFor(shard, 1_000);
    await sleep(500);
    const askedMs = performance.now();
    await first.stop();
    expect(performance.now() - askedMs).toBeLessThan(5_000);
    expect(first.exitCode).toBe(0);
    expect(lines(first).at(-1)?.action).toBe("stopped");
    await saidBy(second, "leading", 2_000);
    await work;
    expectWhole(shard, await stand.read(await shard.told()));
  });
});

async function workFor(shard: JournaledShard, durationMs: number): Promise<void> {
  await shard.isOpen();
  const endMs = performance.now() + durationMs;
  const isOver = () => performance.now() > endMs;
  await workOnLocks(shard.region, new SeededRandom(seed), isOver);
}

function lines(journal: ServerProcess) {
  return linesOf(journal.logPath);
}

async function saidBy(journal: ServerProcess, action: string, timeoutMs = 20_000): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!lines(journal).some((line) => line.action === action)) {
    if (performance.now() > endMs) throw new Error(`${journal.logPath} has no ${action}`);
    await sleep(50);
  }
}

const beginnings = new Set(["LockAcquired", "LockHandedOver"]);
const ends = new Set(["LockReleased", "LockExpired", "LockForceReleased"]);

/** Each tenure that etcd's history has, once, in the order of its lock; and a whole chain. */
function expectWhole(shard: JournaledShard, topic: TopicReader): void {
  const told = topic.events.flatMap((event) => {
    const isBeginning = beginnings.has(event.kind);
    if (!(isBeginning || ends.has(event.kind)) || !("grantId" in event)) return [];
    const { revision, lock, grantId } = event;
    return [`${revision} ${lock?.name} ${grantId} ${isBeginning ? "began" : "ended"}`];
  });
  const happened = shard.history.map(({ revision, name, grantId, what }) => {
    return `${revision} ${name} ${grantId} ${what}`;
  });
  expect(told.sort()).toEqual(happened.sort());
  expect(topic.damage).toBeUndefined();
}
