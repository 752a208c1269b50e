import { expect, test } from "vitest";
import { BatchQueue } from "./batch.ts";
import { sizeOf } from "./size.ts";
import { absent, type Txn } from "./txn.ts";

function txn(width: number, valueBytes = 1): Txn {
  return {
    compares: Array.from({ length: width }, (_, index) => absent(`k${index}`)),
    success: [{ kind: "put", key: "k", value: new Uint8Array(valueBytes), lease: 0n }],
    failure: [],
  };
}

function push(
  queue: BatchQueue<{ txn: Txn; conflictKey: string; name: string }>,
  name: string,
  conflictKey: string,
  of = txn(3),
) {
  queue.push({ txn: of, conflictKey, name });
}

function names(batch: readonly { name: string }[]): string[] {
  return batch.map(({ name }) => name);
}

test("two operations on one lock never share a batch, and keep their order", () => {
  const queue = new BatchQueue<{ txn: Txn; conflictKey: string; name: string }>();
  push(queue, "a1", "a");
  push(queue, "a2", "a");
  push(queue, "b1", "b");
  push(queue, "a3", "a");
  expect(names(queue.take())).toEqual(["a1", "b1"]);
  expect(names(queue.take())).toEqual(["a2"]);
  push(queue, "a4", "a");
  expect(names(queue.take())).toEqual(["a3"]);
  expect(names(queue.take())).toEqual(["a4"]);
  expect(queue.take()).toEqual([]);
  expect(queue.length).toBe(0);
});

test("operations and the widest of them stay within etcd's limit", () => {
  const queue = new BatchQueue<{ txn: Txn; conflictKey: string; name: string }>();
  for (let index = 0; index < 300; index++) push(queue, `${index}`, `${index}`, txn(8));
  expect(queue.take()).toHaveLength(120);
  push(queue, "wide", "wide", txn(60));
  expect(queue.take()).toHaveLength(120);
  // The wide one came last: it fits with fewer.
  expect(queue.take().length).toBeLessThanOrEqual(68);
});

test("a batch stays within its bytes, and what is too big for any goes alone", () => {
  const limits = { operationsMax: 128, bytesMax: 10_000 };
  const queue = new BatchQueue<{ txn: Txn; conflictKey: string; name: string }>(limits);
  for (let index = 0; index < 9; index++) push(queue, `${index}`, `${index}`, txn(1, 3_000));
  push(queue, "huge", "huge", txn(1, 50_000));
  const sizes = [];
  while (queue.length > 0) sizes.push(queue.take().length);
  expect(sizes).toEqual([3, 3, 3, 1]);
});

test("the width is the longest list on the deepest path, as etcd counts it", () => {
  const inner: Txn = {
    compares: [absent("a"), absent("b"), absent("c")],
    success: [],
    failure: [],
  };
  const outer: Txn = {
    compares: [absent("x")],
    success: [
      { kind: "txn", txn: inner },
      { kind: "delete", key: "d" },
    ],
    failure: [],
  };
  expect(sizeOf(inner).width).toBe(3);
  expect(sizeOf(outer).width).toBe(5);
});
