import { utf8, utf8Text } from "@holdfast/base/bytes";
import { ManualClock } from "@holdfast/base/manual-clock";
import { expect, test } from "vitest";
import type { EventRecord } from "../ports/event-log.ts";
import { MemoryEventLog } from "./memory-event-log.ts";

const given: EventRecord = { key: utf8("a"), value: utf8("1"), headers: {} };

function logWithTopic(): { clock: ManualClock; log: MemoryEventLog } {
  const clock = new ManualClock();
  const log = new MemoryEventLog(clock);
  log.createTopic("t", 2);
  return { clock, log };
}

test("a log that cannot be reached says so at every call, and has taken nothing", async () => {
  const { log } = logWithTopic();
  log.reachable = false;
  const unavailable = { kind: "unavailable", message: "the log is not reachable" };
  expect(await log.checkTopic("t", 1)).toEqual(unavailable);
  expect(await log.openProducer("t").append([given])).toEqual(unavailable);
  const consumer = log.openConsumer("g", ["t"]);
  expect(await consumer.next(0)).toEqual(unavailable);
  log.reachable = true;
  expect(await consumer.next(0)).toEqual({ kind: "assigned", partitions: ["t/0", "t/1"] });
  expect(await consumer.next(0)).toEqual({ kind: "idle" });
});

test("an append whose answer is lost is there all the same", async () => {
  const { log } = logWithTopic();
  log.losesAnswers = true;
  const reply = await log.openProducer("t").append([given]);
  expect(reply).toEqual({ kind: "unknown", message: "the answer was lost" });
  const consumer = log.openConsumer("g", ["t"]);
  await consumer.next(0);
  expect(await consumer.next(0)).toMatchObject({ kind: "records" });
});

test("a commit that nobody hears can be made once more", async () => {
  const { log } = logWithTopic();
  await log.openProducer("t").append([given]);
  const consumer = log.openConsumer("g", ["t"]);
  await consumer.next(0);
  const reply = await consumer.next(0);
  if (reply.kind !== "records") throw new Error(reply.kind);
  log.reachable = false;
  expect(await consumer.commit(reply.batch)).toMatchObject({ kind: "unknown" });
  log.reachable = true;
  expect(await consumer.commit(reply.batch)).toEqual({ kind: "committed" });
  expect(await consumer.next(0)).toEqual({ kind: "idle" });
});

test("a batch taken before the partitions were given out anew is lost, and comes again", async () => {
  const { log } = logWithTopic();
  await log.openProducer("t").append([given]);
  const first = log.openConsumer("g", ["t"]);
  await first.next(0);
  const reply = await first.next(0);
  if (reply.kind !== "records") throw new Error(reply.kind);
  const second = log.openConsumer("g", ["t"]);
  expect(await first.commit(reply.batch)).toEqual({ kind: "lost" });
  await first.close();
  expect(await second.next(0)).toEqual({ kind: "assigned", partitions: ["t/0", "t/1"] });
  const again = await second.next(0);
  expect(again.kind === "records" && again.batch.records).toEqual(reply.batch.records);
});

test("a member that is closed has lost its batch, whoever can be reached", async () => {
  const { log } = logWithTopic();
  await log.openProducer("t").append([given]);
  const consumer = log.openConsumer("g", ["t"]);
  await consumer.next(0);
  const reply = await consumer.next(0);
  if (reply.kind !== "records") throw new Error(reply.kind);
  await consumer.close();
  log.reachable = false;
  expect(await consumer.commit(reply.batch)).toEqual({ kind: "lost" });
});

test("a log that is closed has closed its producers", async () => {
  const { log } = logWithTopic();
  const producer = log.openProducer("t");
  await log.close();
  expect(await producer.append([given])).toMatchObject({ kind: "unavailable" });
});

test("what the caller does to its bytes afterwards is not in the log", async () => {
  const { log } = logWithTopic();
  const value = utf8("1");
  await log.openProducer("t").append([{ ...given, value }]);
  value.fill(0);
  const consumer = log.openConsumer("g", ["t"]);
  await consumer.next(0);
  const reply = await consumer.next(0);
  if (reply.kind !== "records") throw new Error(reply.kind);
  expect(reply.batch.records.map((each) => utf8Text(each.value))).toEqual(["1"]);
});

test("a log that keeps only what waits takes no more than that, and forgets what was read", async () => {
  const log = new MemoryEventLog(new ManualClock(), {}, { waitingMax: 2 });
  log.createTopic("t", 1);
  const consumer = log.openConsumer("g", ["t"]);
  const producer = log.openProducer("t");
  await consumer.next(0);
  expect(await producer.append([given, given])).toEqual({ kind: "appended" });
  expect(await producer.append([given])).toEqual({
    kind: "unavailable",
    message: "2 records wait to be read",
  });
  const reply = await consumer.next(0);
  if (reply.kind !== "records") throw new Error(reply.kind);
  expect(await consumer.commit(reply.batch)).toEqual({ kind: "committed" });
  expect(await producer.append([{ ...given, value: utf8("2") }])).toEqual({ kind: "appended" });
  const next = await consumer.next(0);
  expect(
    next.kind === "records" &&
      next.batch.records.map(({ value, offset }) => [offset, utf8Text(value)]),
  ).toEqual([[2n, "2"]]);
});
