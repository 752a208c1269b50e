import { ManualClock } from "@holdfast/base/manual-clock";
import type { EventBatch } from "@holdfast/engine/ports/event-log";
import { expect, test } from "vitest";
import { KafkaConsumer } from "./kafka-consumer.ts";
import { FakeClient, type FakeConsumer } from "./testing/fake-client.ts";

interface Rig {
  readonly client: FakeClient;
  readonly clock: ManualClock;
  readonly consumer: KafkaConsumer;
  readonly member: FakeConsumer;
}

/** A consumer that has joined its group and was told so. */
async function joined(): Promise<Rig> {
  const client = new FakeClient();
  const clock = new ManualClock();
  const consumer = open(client, clock);
  await clock.advance(0);
  const member = client.consumers[0];
  if (member === undefined) throw new Error("nobody joined");
  member.options.listener.onAssigned(["t/0", "t/1"]);
  expect(await consumer.next(0)).toEqual({ kind: "assigned", partitions: ["t/0", "t/1"] });
  return { client, clock, consumer, member };
}

function open(client: FakeClient, clock: ManualClock): KafkaConsumer {
  return new KafkaConsumer({
    client,
    clock,
    group: "g",
    topics: ["t"],
    nextRecordsMax: 10,
    commitTimeoutMs: 5_000,
    onClose: () => {},
  });
}

async function batchOf(consumer: KafkaConsumer): Promise<EventBatch> {
  const reply = await consumer.next(0);
  if (reply.kind !== "records") throw new Error(reply.kind);
  return reply.batch;
}

test("partitions come together in one batch, and their positions in one commit", async () => {
  const { consumer, member } = await joined();
  member.receive(0, 7n, 3);
  member.receive(1, 40n, 2);
  const batch = await batchOf(consumer);
  expect(batch.records.map(({ offset }) => offset)).toEqual([7n, 8n, 9n, 40n, 41n]);
  expect(await consumer.commit(batch)).toEqual({ kind: "committed" });
  expect(member.commits).toEqual([
    [
      { topic: "t", partition: 0, offset: 10n },
      { topic: "t", partition: 1, offset: 42n },
    ],
  ]);
  // Only now may the client hand over what follows.
  expect(member.done).toBe(2);
});

test("what does not fit into a batch comes with the next one", async () => {
  const { consumer, member } = await joined();
  member.receive(0, 0n, 6);
  member.receive(1, 0n, 6);
  const first = await batchOf(consumer);
  expect(first.records.length).toBe(6);
  await consumer.commit(first);
  expect((await batchOf(consumer)).records.length).toBe(6);
});

test("what was handed over before the partitions moved is not given out, nor committed", async () => {
  const { consumer, member } = await joined();
  member.receive(0, 0n, 1);
  const batch = await batchOf(consumer);
  member.receive(1, 0n, 1);
  member.options.listener.onRevoked();
  expect(await consumer.commit(batch)).toEqual({ kind: "lost" });
  expect(member.commits).toEqual([]);
  expect(await consumer.next(0)).toEqual({ kind: "idle" });
});

test("partitions that move during a commit have the batch lost", async () => {
  const { consumer, member } = await joined();
  member.receive(0, 0n, 1);
  const batch = await batchOf(consumer);
  member.answer = async () => {
    member.options.listener.onRevoked();
    return { kind: "failure", reason: "stale", message: "illegal generation" };
  };
  expect(await consumer.commit(batch)).toEqual({ kind: "lost" });
  expect(await consumer.next(0)).toEqual({ kind: "idle" });
});

test("a commit without an answer is unknown, and can be made once more", async () => {
  const { clock, consumer, member } = await joined();
  member.receive(0, 0n, 1);
  const batch = await batchOf(consumer);
  member.answer = () => new Promise(() => {});
  const commit = consumer.commit(batch);
  await clock.advance(5_000);
  expect(await commit).toMatchObject({ kind: "unknown" });
  member.answer = async () => undefined;
  expect(await consumer.commit(batch)).toEqual({ kind: "committed" });
});

test("a member that has left comes back as another, and says meanwhile why it is away", async () => {
  const { client, clock, consumer, member } = await joined();
  client.refusesConsumers = true;
  member.options.listener.onEnd("the broker is gone");
  expect(await consumer.next(0)).toEqual({ kind: "unavailable", message: "the broker is gone" });
  await clock.advance(1_000);
  expect(await consumer.next(0)).toEqual({ kind: "unavailable", message: "no broker" });
  client.refusesConsumers = false;
  await clock.advance(1_000);
  client.consumers[1]?.options.listener.onAssigned(["t/1"]);
  expect(await consumer.next(0)).toEqual({ kind: "assigned", partitions: ["t/1"] });
});

test("one that was closed while it joined leaves again", async () => {
  const client = new FakeClient();
  const clock = new ManualClock();
  await open(client, clock).close();
  await clock.advance(0);
  expect(client.consumers.map(({ closed }) => closed)).toEqual([true]);
});

test("a broker that hangs does not keep one from being closed", async () => {
  const { clock, consumer, member } = await joined();
  member.closesForEver = true;
  let closed = false;
  const closing = consumer.close().then(() => {
    closed = true;
  });
  await clock.advance(4_999);
  expect(closed).toBe(false);
  await clock.advance(1);
  await closing;
});
