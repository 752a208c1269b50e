import { utf8, utf8Text } from "@holdfast/base/bytes";
import { SystemClock } from "@holdfast/base/clock";
import { MemoryEventLog } from "@holdfast/engine/memory/memory-event-log";
import type {
  ConsumedRecord,
  EventBatch,
  EventConsumer,
  EventLog,
  EventProducer,
  EventRecord,
} from "@holdfast/engine/ports/event-log";
import { expect } from "vitest";
import { kafkaMissing, startKafkaUnderTest } from "./kafka-under-test.ts";

/** A log the contract is held against. */
export interface EventLogUnderTest extends AsyncDisposable {
  readonly log: EventLog;
  createTopic(name: string, partitions: number): Promise<void>;
}

/** Every implementation of the port, by name. */
export const eventLogs: readonly {
  readonly name: string;
  /** Why it cannot be tested here. */
  readonly missing: string | undefined;
  readonly start: () => Promise<EventLogUnderTest>;
}[] = [
  { name: "the memory log", missing: undefined, start: startMemory },
  { name: "Kafka", missing: kafkaMissing, start: startKafka },
];

async function startMemory(): Promise<EventLogUnderTest> {
  const log = new MemoryEventLog(new SystemClock());
  return {
    log,
    createTopic: async (name, partitions) => log.createTopic(name, partitions),
    [Symbol.asyncDispose]: () => log.close(),
  };
}

async function startKafka(): Promise<EventLogUnderTest> {
  const kafka = await startKafkaUnderTest();
  return {
    log: kafka.openLog(20_000),
    createTopic: (name, partitions) => kafka.createTopic(name, partitions),
    [Symbol.asyncDispose]: () => kafka[Symbol.asyncDispose](),
  };
}

/** A record whose value is `text`. */
export function record(key: string, text: string): EventRecord {
  return { key: utf8(key), value: utf8(text), headers: {} };
}

/** Appends texts under one key. */
export async function append(
  producer: EventProducer,
  key: string,
  ...texts: string[]
): Promise<void> {
  const reply = await producer.append(texts.map((text) => record(key, text)));
  expect(reply).toEqual({ kind: "appended" });
}

/** Longer than a member ever takes to join its group. */
const patienceMs = 30_000;

/** The next records; a member that has yet to join is waited for. */
export async function take(consumer: EventConsumer, waitMs = patienceMs): Promise<EventBatch> {
  const endMs = performance.now() + waitMs;
  while (performance.now() < endMs) {
    const reply = await consumer.next(200);
    if (reply.kind === "records") return reply.batch;
  }
  throw new Error(`no records in ${waitMs} ms`);
}

/** Takes and commits until `count` records have come. */
export async function takeAll(consumer: EventConsumer, count: number): Promise<ConsumedRecord[]> {
  const records: ConsumedRecord[] = [];
  while (records.length < count) {
    const batch = await take(consumer);
    const reply = await consumer.commit(batch);
    if (reply.kind === "committed") records.push(...batch.records);
  }
  return records;
}

/** Waits until the member has been told of its partitions. */
export async function assigned(consumer: EventConsumer): Promise<readonly string[]> {
  const endMs = performance.now() + patienceMs;
  while (performance.now() < endMs) {
    const reply = await consumer.next(200);
    if (reply.kind === "assigned") return reply.partitions;
    if (reply.kind === "records") throw new Error("records before the partitions they are of");
  }
  throw new Error("no partitions were assigned");
}

/** The values as text. */
export function texts(records: readonly ConsumedRecord[]): string[] {
  return records.map(({ value }) => utf8Text(value));
}
