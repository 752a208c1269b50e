import { utf8 } from "@holdfast/base/bytes";
import { type EventConsumer, recordBytes } from "@holdfast/engine/ports/event-log";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  append,
  assigned,
  type EventLogUnderTest,
  eventLogs,
  record,
  take,
  takeAll,
  texts,
} from "./event-logs.ts";

for (const { name, missing, start } of eventLogs) {
  describe.skipIf(missing !== undefined)(`${name}`, () => {
    let started: EventLogUnderTest;
    let log: EventLogUnderTest["log"];
    beforeAll(async () => {
      started = await start();
      log = started.log;
    });
    afterAll(() => started?.[Symbol.asyncDispose]());

    it("says of a topic whether it is there and has partitions enough", async () => {
      await started.createTopic("check", 3);
      expect(await log.checkTopic("check", 3)).toEqual({ kind: "ready", partitions: 3 });
      expect(await log.checkTopic("check", 4)).toEqual({
        kind: "too-few-partitions",
        partitions: 3,
        message: "topic check has 3 partitions, fewer than 4",
      });
      const missing = { kind: "missing", message: "there is no topic absent" };
      expect(await log.checkTopic("absent", 1)).toEqual(missing);
      // Having asked has not made it.
      expect(await log.checkTopic("absent", 1)).toEqual(missing);
    });

    it("gives back keys, values and headers as they were", async () => {
      await started.createTopic("bytes", 2);
      const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);
      const planes = [0x41, 0xe9, 0x20ac, 0x1f512, 0x20000, 0xe0001, 0xf0000, 0x10fffd];
      const unicode = String.fromCodePoint(...planes);
      const given = [
        { key: everyByte, value: everyByte, headers: { type: "a", owner: unicode } },
        { key: utf8(unicode), value: new Uint8Array(0), headers: {} },
      ];
      const producer = log.openProducer("bytes");
      expect(await producer.append(given)).toEqual({ kind: "appended" });
      const taken = await takeAll(log.openConsumer("bytes", ["bytes"]), 2);
      const found = taken.map(({ key, value, headers }) => {
        return { key: new Uint8Array(key), value: new Uint8Array(value), headers };
      });
      expect(found.sort((a, b) => b.value.length - a.value.length)).toEqual(given);
    });

    it("keeps the records of a key in one partition, in their order", async () => {
      await started.createTopic("order", 4);
      const producer = log.openProducer("order");
      const keys = Array.from({ length: 20 }, (_, index) => `lock-${index}`);
      for (let round = 0; round < 5; round++) {
        const records = keys.flatMap((key) => [
          record(key, `${key} ${2 * round}`),
          record(key, `${key} ${2 * round + 1}`),
        ]);
        expect(await producer.append(records)).toEqual({ kind: "appended" });
      }
      const taken = await takeAll(log.openConsumer("order", ["order"]), 200);
      for (const key of keys) {
        const own = taken.filter((each) => texts([each])[0]?.startsWith(`${key} `));
        expect(texts(own)).toEqual(Array.from({ length: 10 }, (_, index) => `${key} ${index}`));
        expect(new Set(own.map(({ partition }) => partition)).size).toBe(1);
        const offsets = own.map(({ offset }) => offset);
        expect(offsets).toEqual(offsets.toSorted((a, b) => Number(a - b)));
      }
      expect(new Set(taken.map(({ partition }) => partition)).size).toBe(4);
    });

    it("puts a record into the partition it names, whatever its key", async () => {
      await started.createTopic("named", 3);
      const producer = log.openProducer("named");
      const copies = [0, 1, 2].map((partition) => ({ ...record("a", `${partition}`), partition }));
      expect(await producer.append(copies)).toEqual({ kind: "appended" });
      const taken = await takeAll(log.openConsumer("named", ["named"]), 3);
      const places = taken.map((each) => [each.partition, ...texts([each])]);
      expect(places.sort()).toEqual([0, 1, 2].map((partition) => [partition, `${partition}`]));
    });

    it("refuses a topic that is not there, and appends once it is", async () => {
      const producer = log.openProducer("late");
      expect(await producer.append([record("a", "1")])).toEqual({
        kind: "refused",
        reason: "topic-missing",
        message: "there is no topic late",
      });
      await started.createTopic("late", 1);
      await append(producer, "a", "1");
    });

    it("refuses a record that is too long, and takes the longest", async () => {
      await started.createTopic("long", 1);
      const producer = log.openProducer("long");
      const { appendBytesMax } = log.limits;
      const room = appendBytesMax - recordBytes(record("a", ""));
      const tooLong = { ...record("a", ""), value: new Uint8Array(room + 1) };
      expect(await producer.append([tooLong])).toEqual({
        kind: "refused",
        reason: "too-large",
        message: `a record of ${appendBytesMax + 1} bytes is longer than ${appendBytesMax}`,
      });
      const longest = { ...record("a", ""), value: new Uint8Array(room) };
      expect(await producer.append([longest])).toEqual({ kind: "appended" });
      await expect(producer.append([longest, longest])).rejects.toThrow("nor more bytes");
      const taken = await takeAll(log.openConsumer("long", ["long"]), 1);
      expect(taken.map(({ value }) => value.length)).toEqual([room]);
    });

    it("gives no more records at once than the limit, and every one", async () => {
      await started.createTopic("many", 2);
      const { appendRecordsMax, nextRecordsMax } = log.limits;
      const producer = log.openProducer("many");
      const records = Array.from({ length: appendRecordsMax }, (_, index) =>
        record(`k${index % 7}`, String(index)),
      );
      expect(await producer.append(records)).toEqual({ kind: "appended" });
      expect(await producer.append(records.slice(0, 2_000))).toEqual({ kind: "appended" });
      const consumer = log.openConsumer("many", ["many"]);
      const seen: number[] = [];
      while (seen.length < appendRecordsMax + 2_000) {
        const batch = await take(consumer);
        expect(batch.records.length).toBeLessThanOrEqual(nextRecordsMax);
        expect(await consumer.commit(batch)).toEqual({ kind: "committed" });
        seen.push(...texts(batch.records).map(Number));
      }
      expect(seen.length).toBe(appendRecordsMax + 2_000);
      expect(new Set(seen).size).toBe(appendRecordsMax);
      await expect(producer.append([...records, record("a", "b")])).rejects.toThrow("no more");
    });

    it("goes on after what a group has committed, and starts another at the oldest", async () => {
      await started.createTopic("groups", 1);
      const producer = log.openProducer("groups");
      await append(producer, "a", "1", "2");
      const first = log.openConsumer("one", ["groups"]);
      expect(texts(await takeAll(first, 2))).toEqual(["1", "2"]);
      await append(producer, "a", "3");
      const uncommitted = await take(first);
      expect(texts(uncommitted.records)).toEqual(["3"]);
      await first.close();

      const second = log.openConsumer("one", ["groups"]);
      expect(texts(await takeAll(second, 1))).toEqual(["3"]);
      await second.close();
      expect(texts(await takeAll(log.openConsumer("two", ["groups"]), 3))).toEqual(["1", "2", "3"]);
    });

    it("is idle while there is nothing, and wakes for a record", async () => {
      await started.createTopic("idle", 1);
      const consumer = log.openConsumer("idle", ["idle"]);
      expect(await assigned(consumer)).toEqual(["idle/0"]);
      const startedMs = performance.now();
      expect(await consumer.next(300)).toEqual({ kind: "idle" });
      expect(performance.now() - startedMs).toBeGreaterThan(290);
      const waiting = consumer.next(10_000);
      await append(log.openProducer("idle"), "a", "1");
      const reply = await waiting;
      expect(reply.kind === "records" && texts(reply.batch.records)).toEqual(["1"]);
    });

    it("shares the partitions among the members, and gives those of one that leaves on", async () => {
      await started.createTopic("shared", 4);
      const all = ["shared/0", "shared/1", "shared/2", "shared/3"];
      const first = log.openConsumer("shared", ["shared"]);
      expect(await assigned(first)).toEqual(all);
      const second = log.openConsumer("shared", ["shared"]);
      // Each has to ask, or it could not be told.
      const [one, other] = await Promise.all([assigned(first), assigned(second)]);
      expect([...one, ...other].sort()).toEqual(all);
      expect([one.length, other.length]).toEqual([2, 2]);
      await second.close();
      expect(await assigned(first)).toEqual(all);
    });

    it("gives a batch out again when its partitions move before it is committed", async () => {
      await started.createTopic("churn", 4);
      const producer = log.openProducer("churn");
      const keys = Array.from({ length: 40 }, (_, index) => `k${index}`);
      for (const key of keys) await append(producer, key, key);
      const first = log.openConsumer("churn", ["churn"]);
      const held = await take(first);
      const second = log.openConsumer("churn", ["churn"]);
      expect((await assigned(second)).length).toBe(2);
      expect(await first.commit(held)).toEqual({ kind: "lost" });
      const seen = new Set<string>();
      await Promise.all([first, second].map((each) => drain(each, seen, keys.length)));
      expect([...seen].sort()).toEqual(keys.toSorted());
    });

    it("takes nothing of a producer that was closed", async () => {
      await started.createTopic("shut", 1);
      const producer = log.openProducer("shut");
      await append(producer, "a", "1");
      await producer.close();
      expect(await producer.append([record("a", "2")])).toEqual({
        kind: "unavailable",
        message: "the producer is closed",
      });
    });

    it("takes a batch back when its member is closed before it is committed", async () => {
      await started.createTopic("closed", 1);
      await append(log.openProducer("closed"), "a", "1");
      const consumer = log.openConsumer("closed", ["closed"]);
      const batch = await take(consumer);
      await consumer.close();
      expect(await consumer.commit(batch)).toEqual({ kind: "lost" });
      expect(texts(await takeAll(log.openConsumer("closed", ["closed"]), 1))).toEqual(["1"]);
    });
  });
}

/** Takes and commits until `seen` holds `count` texts, or nothing has come for long. */
async function drain(consumer: EventConsumer, seen: Set<string>, count: number): Promise<void> {
  const endMs = performance.now() + 45_000;
  while (seen.size < count && performance.now() < endMs) {
    const reply = await consumer.next(200);
    if (reply.kind !== "records") continue;
    const committed = await consumer.commit(reply.batch);
    if (committed.kind !== "committed") continue;
    for (const text of texts(reply.batch.records)) seen.add(text);
  }
}
