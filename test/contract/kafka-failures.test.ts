import { setTimeout as sleep } from "node:timers/promises";
import { ensureTopics } from "@holdfast/adapter-kafka/ensure-topics";
import { KafkaEventLog } from "@holdfast/adapter-kafka/kafka-event-log";
import { SystemClock } from "@holdfast/base/clock";
import type { AppendReply, EventProducer } from "@holdfast/engine/ports/event-log";
import { freePorts } from "@holdfast/toolchain/free-ports";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { assigned, record, take, takeAll, texts } from "./event-logs.ts";
import { type KafkaUnderTest, kafkaMissing, startKafkaUnderTest } from "./kafka-under-test.ts";

describe.skipIf(kafkaMissing !== undefined)("Kafka on a bad day", () => {
  const warnings: string[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning.name);
  let kafka: KafkaUnderTest;
  beforeAll(async () => {
    process.on("warning", onWarning);
    kafka = await startKafkaUnderTest();
  });
  afterAll(async () => {
    await kafka?.[Symbol.asyncDispose]();
    process.removeListener("warning", onWarning);
  });

  it("has its topics made once, and those that are there left alone", async () => {
    const connection = {
      brokers: [kafka.broker.endpoint],
      clientId: "contract",
      requestTimeoutMs: 5_000,
      clock: new SystemClock(),
      timeoutMs: 5_000,
    };
    const topic = { name: "ensured", partitions: 3, settings: { "retention.ms": "60000" } };
    const ensure = (partitions: number) => ensureTopics(connection, [{ ...topic, partitions }]);
    expect(await ensure(3)).toEqual({ kind: "ready", made: ["ensured"] });
    expect(await ensure(5)).toEqual({ kind: "ready", made: [] });
    const log = kafka.openLog(5_000);
    expect(await log.checkTopic("ensured", 1)).toEqual({ kind: "ready", partitions: 3 });
    const [port = 0] = await freePorts(1);
    const nobody = { ...connection, brokers: [`127.0.0.1:${port}`], timeoutMs: 500 };
    expect(await ensureTopics(nobody, [topic])).toMatchObject({ kind: "unavailable" });
  });

  it("loses and reorders nothing when the broker is killed in the middle of appends", async () => {
    await kafka.createTopic("killed", 1);
    const producer = kafka.openLog(20_000).openProducer("killed");
    const acknowledged: number[] = [];
    let next = 0;
    let stopped = false;
    const work = (async () => {
      while (!stopped) next = await appendOne(producer, next, acknowledged);
    })();
    await until(() => acknowledged.length > 50);
    await kafka.broker.process.kill();
    await kafka.broker.process.restart();
    const back = acknowledged.length;
    await until(() => acknowledged.length > back + 50);
    stopped = true;
    await work;

    const reader = kafka.openLog(20_000).openConsumer("killed", ["killed"]);
    const seen = await readUpTo(reader, String(acknowledged.at(-1)));
    // What was appended once more after an unknown answer stands there twice; in order all the
    // same.
    const firstSeen = [...new Set(seen)];
    expect(firstSeen).toEqual(firstSeen.toSorted((a, b) => a - b));
    expect(firstSeen).toEqual(expect.arrayContaining(acknowledged));
  });

  it("replaces a producer that stalls, and says that it does not know", async () => {
    await kafka.createTopic("frozen", 1);
    const producer = kafka.openLog(3_000).openProducer("frozen");
    expect(await producer.append([record("a", "1")])).toEqual({ kind: "appended" });
    await kafka.broker.process.kill("SIGSTOP");
    try {
      const startedMs = performance.now();
      expect(await producer.append([record("a", "2")])).toMatchObject({ kind: "unknown" });
      expect(await producer.append([record("a", "2")])).toMatchObject({ kind: "unavailable" });
      expect(performance.now() - startedMs).toBeLessThan(15_000);
    } finally {
      await kafka.broker.process.kill("SIGCONT");
    }
    await untilAppended(producer, "3");
    const consumer = kafka.openLog(20_000).openConsumer("frozen", ["frozen"]);
    const seen = await readUpTo(consumer, "3");
    // The one nobody knows of may be there or not, and come after the one that followed it.
    expect(seen).toEqual(expect.arrayContaining([1, 3]));
  });

  it("refuses a record that is over the topic's own limit, and takes the next one", async () => {
    await kafka.createTopic("narrow", 1, { "max.message.bytes": "10000" });
    const log = kafka.openLog(20_000);
    const producer = log.openProducer("narrow");
    const long = record("a", "x".repeat(20_000));
    expect(await producer.append([long])).toMatchObject({ kind: "refused", reason: "too-large" });
    expect(await producer.append([record("a", "1")])).toEqual({ kind: "appended" });
    expect(texts(await takeAll(log.openConsumer("narrow", ["narrow"]), 1))).toEqual(["1"]);
  });

  it("has a consumer back after the broker was killed, with what it had not committed", async () => {
    await kafka.createTopic("back", 2);
    const log = kafka.openLog(20_000);
    const producer = log.openProducer("back");
    await producer.append([record("a", "1")]);
    const consumer = log.openConsumer("back", ["back"]);
    await assigned(consumer);
    const held = await take(consumer);
    await kafka.broker.process.kill();
    await kafka.broker.process.restart();
    const reply = await consumer.commit(held);
    if (reply.kind === "unknown") await consumer.commit(held);
    await untilAppended(producer, "2");
    const seen = new Set(texts(held.records));
    while (!seen.has("2")) {
      const batch = await take(consumer, 60_000);
      for (const text of texts(batch.records)) seen.add(text);
      await consumer.commit(batch);
    }
    expect([...seen]).toEqual(["1", "2"]);
  });

  it("says in time that nobody is there", async () => {
    const [port] = await freePorts(1);
    const log = new KafkaEventLog({
      brokers: [`127.0.0.1:${port}`],
      clientId: "contract",
      clock: new SystemClock(),
      appendTimeoutMs: 2_000,
      requestTimeoutMs: 1_000,
      onLog: () => {},
    });
    const startedMs = performance.now();
    expect(await log.checkTopic("any", 1)).toMatchObject({ kind: "unavailable" });
    const append = log.openProducer("any").append([record("a", "1")]);
    expect(await append).toMatchObject({ kind: "unavailable" });
    const next = await log.openConsumer("any", ["any"]).next(1_000);
    expect(next).toMatchObject({ kind: "unavailable" });
    expect(performance.now() - startedMs).toBeLessThan(15_000);
    await log.close();
  });

  it("has warned of no timer that was set for the past", () => {
    expect(warnings).not.toContain("TimeoutNegativeWarning");
  });
});

/** Appends a number, again if nobody knows whether it is there; answers with the next number. */
async function appendOne(
  producer: EventProducer,
  number: number,
  acknowledged: number[],
): Promise<number> {
  const reply = await producer.append([record("a", String(number))]);
  if (reply.kind !== "appended") {
    await sleep(50);
    return number;
  }
  acknowledged.push(number);
  return number + 1;
}

async function untilAppended(producer: EventProducer, text: string): Promise<void> {
  let reply: AppendReply | undefined;
  await until(async () => {
    reply = await producer.append([record("a", text)]);
    return reply.kind === "appended";
  });
}

async function readUpTo(
  consumer: Parameters<typeof take>[0],
  last: string,
): Promise<readonly number[]> {
  const seen: string[] = [];
  while (!seen.includes(last)) {
    const batch = await take(consumer);
    seen.push(...texts(batch.records));
    await consumer.commit(batch);
  }
  return seen.map(Number);
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + 60_000;
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error("not within 60 s");
    await sleep(50);
  }
}
