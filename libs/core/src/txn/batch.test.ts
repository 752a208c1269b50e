import { expect, test } from "vitest";
import { BatchQueue } from "./batch.ts";
import { type Bundle, defaultBatchLimits } from "./packing.ts";
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

function names(batch: readonly Bundle<{ txn: Txn; name: string }>[]): string[] {
  return batch.flatMap(({ members }) => members.map(({ name }) => name));
}

test("two operations on one lock never share a batch, and keep their order", () => {
  const queue = new BatchQueue<{ txn: Txn; conflictKey: string; name: string }>();
  push(queue, "a1", "a");
  push(queue, "a2", "a");
  push(queue, "b1", "b");
  push(queue, "a3", "a");
  expect(names(queue.take(0))).toEqual(["a1", "b1"]);
  expect(names(queue.take(0))).toEqual(["a2"]);
  push(queue, "a4", "a");
  expect(names(queue.take(0))).toEqual(["a3"]);
  expect(names(queue.take(0))).toEqual(["a4"]);
  expect(queue.take(0)).toEqual([]);
  expect(queue.length).toBe(0);
});

test("a batch stays within its bytes, and what is too big for any goes alone", () => {
  const limits = { ...defaultBatchLimits, bytesMax: 10_000 };
  const queue = new BatchQueue<{ txn: Txn; conflictKey: string; name: string }>(limits);
  for (let index = 0; index < 9; index++) push(queue, `${index}`, `${index}`, txn(1, 3_000));
  push(queue, "huge", "huge", txn(1, 50_000));
  const sizes = [];
  while (queue.length > 0) sizes.push(names(queue.take(0)).length);
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

test("operations that share their key go together, and never with one that does not", () => {
  const queue = new BatchQueue<{
    txn: Txn;
    conflictKey: string;
    name: string;
    shares?: string | undefined;
  }>();
  const add = (name: string, shares: boolean | string) =>
    queue.push({
      txn: txn(3),
      conflictKey: "a",
      name,
      shares: shares === true ? "same" : shares || undefined,
    });
  add("s1", true);
  add("s2", true);
  add("x1", false);
  add("s3", true);
  add("s4", true);
  expect(names(queue.take(0))).toEqual(["s1", "s2"]);
  expect(names(queue.take(0))).toEqual(["x1"]);
  add("s5", true);
  expect(names(queue.take(0))).toEqual(["s3", "s4", "s5"]);
  add("s6", true);
  add("o1", "other");
  add("o2", "other");
  expect(names(queue.take(0))).toEqual(["s6"]);
  expect(names(queue.take(0))).toEqual(["o1", "o2"]);
  for (let index = 0; index < 600; index++) add(`${index}`, true);
  add("x2", false);
  expect(names(queue.take(0))).toHaveLength(512);
  // The rest of them, and not yet the one that must not meet them.
  expect(names(queue.take(0))).not.toContain("x2");
  expect(names(queue.take(0))).toEqual(["x2"]);
  expect(queue.length).toBe(0);
});
