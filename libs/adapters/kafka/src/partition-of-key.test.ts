import { utf8 } from "@holdfast/base/bytes";
import fc from "fast-check";
import { Partitioners } from "kafkajs";
import { expect, test } from "vitest";
import { partitionOfKey } from "./partition-of-key.ts";

test("a key goes where the client's own partitioner would put it", () => {
  const choose = Partitioners.DefaultPartitioner();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.integer({ min: 1, max: 40 }), (key, count) => {
      const partitionMetadata = Array.from({ length: count }, (_, partitionId) => {
        return { partitionErrorCode: 0, partitionId, leader: 0, replicas: [0], isr: [0] };
      });
      const message = { key: Buffer.from(key), value: null };
      expect(partitionOfKey(key, count)).toBe(choose({ topic: "t", partitionMetadata, message }));
    }),
    { numRuns: 500 },
  );
});

// Kafka's own, in UtilsTest: a client that differs here puts a lock's later events elsewhere.
test.each([
  ["21", -973932308],
  ["foobar", -790332482],
  ["a-little-bit-long-string", -985981536],
  ["a-little-bit-longer-string", -1486304829],
  ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
  ["abc", 479470107],
])("the hash of %s is that of Kafka's own tests", (text, hash) => {
  expect(partitionOfKey(utf8(text), 2 ** 31)).toBe(hash & 0x7fffffff);
});
