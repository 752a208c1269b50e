import type { GrantId, RequestId } from "@holdfast/base/ids";
import { lockKeys } from "@holdfast/core/lock/keys";
import type { Mode } from "@holdfast/core/lock/lock-id";
import { encodeRecord } from "@holdfast/core/lock/record";
import type { KeyValue } from "@holdfast/core/txn/txn";
import { expect, test } from "vitest";
import { QueueMirror } from "./queue-mirror.ts";

const keys = lockKeys(1, "n", "l");

function stored(
  prefix: string,
  grant: string,
  create: bigint,
  mod = create,
  mode: Mode = "exclusive",
) {
  const value = encodeRecord({
    owner: grant,
    ttlMs: 1_000,
    mode,
    requestId: grant as RequestId,
    metadata: {},
    epoch: 1,
    atMs: 0,
  });
  const kv: KeyValue = {
    key: prefix + grant,
    value,
    createRevision: create,
    modRevision: mod,
    lease: 1n,
  };
  return kv;
}

const waiter = (grant: string, create: bigint, mode: Mode = "exclusive", mod = create) =>
  stored(keys.queue.prefix, grant, create, mod, mode);

function order(mirror: QueueMirror): GrantId[] {
  return mirror.front(10);
}

test("the queue stands in the order of its create revisions, not of its events", () => {
  const mirror = new QueueMirror();
  mirror.reset(9n, [], [waiter("late", 8n), waiter("early", 5n)]);
  mirror.apply({ kind: "put", kv: waiter("last", 10n) });
  expect(order(mirror)).toEqual(["early", "late", "last"]);
});

test("a waiter that repeats keeps its place under its newer lease", () => {
  const mirror = new QueueMirror();
  mirror.reset(9n, [], [waiter("a", 5n), waiter("b", 6n)]);
  mirror.apply({ kind: "put", kv: waiter("a", 5n, "exclusive", 12n) });
  expect(order(mirror)).toEqual(["a", "b"]);
  expect(mirror.headRun()[0]?.modRevision).toBe(12n);
});

test("places of one revision stand in the order of their grant ids", () => {
  const mirror = new QueueMirror();
  mirror.reset(1n, [], []);
  mirror.apply({ kind: "put", kv: waiter("b", 7n) });
  mirror.apply({ kind: "put", kv: waiter("a", 7n) });
  mirror.apply({ kind: "put", kv: waiter("c", 8n) });
  expect(order(mirror)).toEqual(["a", "b", "c"]);
});

test("shared waiters at the head go together, up to the first exclusive one", () => {
  const mirror = new QueueMirror();
  mirror.reset(
    9n,
    [],
    [
      waiter("r1", 1n, "shared"),
      waiter("r2", 2n, "shared"),
      waiter("w", 3n),
      waiter("r3", 4n, "shared"),
    ],
  );
  expect(mirror.headRun().map(({ grantId }) => grantId)).toEqual(["r1", "r2"]);
});

test("a lock is free for a mode when nobody excludes it", () => {
  const mirror = new QueueMirror();
  mirror.reset(9n, [stored(keys.shared.prefix, "r", 4n, 4n, "shared")], []);
  expect([mirror.isFree("shared"), mirror.isFree("exclusive")]).toEqual([true, false]);
  mirror.apply({ kind: "delete", kv: stored(keys.shared.prefix, "r", 0n, 10n) });
  expect(mirror.isFree("exclusive")).toBe(true);
  mirror.apply({ kind: "put", kv: stored(keys.exclusive.prefix, "w", 11n) });
  expect([mirror.isFree("shared"), mirror.isFree("exclusive")]).toEqual([false, false]);
});

test("a record it cannot read is nobody it could promote", () => {
  const mirror = new QueueMirror();
  const foreign = { ...waiter("x", 3n), value: new Uint8Array([9, 9]) };
  mirror.reset(9n, [], [foreign, waiter("a", 5n)]);
  expect(order(mirror)).toEqual(["a"]);
});

test("places that cannot be read are counted, and stand in nobody's way", () => {
  const mirror = new QueueMirror();
  const strange = (grant: string, create: bigint, mod = create) => ({
    ...waiter(grant, create, "exclusive", mod),
    value: new Uint8Array([127]),
  });
  mirror.reset(9n, [], [strange("a", 5n), waiter("b", 6n)]);
  mirror.apply({ kind: "put", kv: strange("c", 10n) });
  expect([mirror.placeCount, mirror.length, order(mirror)]).toEqual([3, 1, ["b"]]);
  mirror.apply({ kind: "put", kv: strange("b", 6n, 11n) });
  expect([mirror.placeCount, mirror.length]).toEqual([3, 0]);
  mirror.apply({ kind: "put", kv: waiter("b", 6n, "exclusive", 12n) });
  mirror.apply({ kind: "delete", kv: strange("a", 5n, 13n) });
  mirror.apply({ kind: "delete", kv: strange("c", 10n, 14n) });
  expect([mirror.placeCount, mirror.length, order(mirror)]).toEqual([1, 1, ["b"]]);
});
