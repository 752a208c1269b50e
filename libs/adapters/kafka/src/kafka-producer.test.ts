import { utf8 } from "@holdfast/base/bytes";
import { ManualClock } from "@holdfast/base/manual-clock";
import { expect, test } from "vitest";
import { KafkaProducer } from "./kafka-producer.ts";
import { FakeClient } from "./testing/fake-client.ts";

const limits = { appendBytesMax: 1_000, appendRecordsMax: 10, nextRecordsMax: 10 };
const records = [{ key: utf8("a"), value: utf8("1"), headers: {} }];

function rig(): { client: FakeClient; clock: ManualClock; producer: KafkaProducer } {
  const client = new FakeClient();
  const clock = new ManualClock();
  const producer = new KafkaProducer({
    client,
    clock,
    topic: "t",
    limits,
    appendTimeoutMs: 5_000,
    onClose: () => {},
  });
  return { client, clock, producer };
}

test("one producer of the client serves as long as it answers", async () => {
  const { client, producer } = rig();
  expect(await producer.append(records)).toEqual({ kind: "appended" });
  expect(await producer.append(records)).toEqual({ kind: "appended" });
  expect(client.producers.map(({ sends }) => sends)).toEqual([2]);
});

test("one that stalls is given up, and the next append has another", async () => {
  const { client, clock, producer } = rig();
  client.answer = () => new Promise(() => {});
  const stalled = producer.append(records);
  await clock.advance(5_000);
  const message = "no answer from Kafka in 5000 ms";
  expect(await stalled).toEqual({ kind: "unknown", message });
  client.answer = async () => undefined;
  expect(await producer.append(records)).toEqual({ kind: "appended" });
  expect(client.producers.map(({ abandoned }) => abandoned)).toEqual([true, false]);
});

test("one that was refused something is given up as well: it has lost count", async () => {
  const { client, producer } = rig();
  client.answer = async () => ({ kind: "failure", reason: "too-large", message: "too large" });
  expect(await producer.append(records)).toEqual({
    kind: "refused",
    reason: "too-large",
    message: "too large",
  });
  expect(client.producers[0]?.abandoned).toBe(true);
});

test("a failure of any other kind leaves open what was appended", async () => {
  const { client, producer } = rig();
  client.answer = async () => ({ kind: "failure", reason: "other", message: "closed" });
  expect(await producer.append(records)).toEqual({ kind: "unknown", message: "closed" });
});

test("nothing is sent to a topic that is not there", async () => {
  const { client, producer } = rig();
  client.partitions = 0;
  expect(await producer.append(records)).toMatchObject({ reason: "topic-missing" });
  expect(client.producers).toEqual([]);
});

test("once closed it takes nothing more", async () => {
  const { client, producer } = rig();
  await producer.append(records);
  await producer.close();
  expect(client.producers[0]?.abandoned).toBe(true);
  expect(await producer.append(records)).toMatchObject({ kind: "unavailable" });
});

test("two appends at once are a bug", async () => {
  const { producer } = rig();
  const first = producer.append(records);
  await expect(producer.append(records)).rejects.toThrow("one append at a time");
  await first;
});
