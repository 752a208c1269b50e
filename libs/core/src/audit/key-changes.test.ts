import { utf8 } from "@holdfast/base/bytes";
import { expect, test } from "vitest";
import type { KeyValue } from "../txn/txn.ts";
import { keyChanges } from "./key-changes.ts";

function kv(key: string, createRevision: bigint, modRevision = createRevision): KeyValue {
  return { key, value: utf8(`${modRevision}`), createRevision, modRevision, lease: 0n };
}

const gone = (key: string) => ({ ...kv(key, 0n, 9n) });

test("each key stands once, in order, as it was before the revision and as it is after it", () => {
  const [made, before, after] = [kv("b", 9n), kv("a", 3n), kv("a", 3n, 9n)];
  const changes = keyChanges([
    { kind: "put", kv: made },
    { kind: "put", kv: after, previous: before },
    { kind: "delete", kv: gone("c"), previous: kv("c", 2n) },
  ]);
  expect(changes).toEqual([
    { key: "a", before, after },
    { key: "b", after: made },
    { key: "c", before: kv("c", 2n) },
  ]);
});

test("what one revision writes and deletes is gone, and what it makes and deletes never was", () => {
  const before = kv("a", 3n);
  const changes = keyChanges([
    { kind: "put", kv: kv("a", 3n, 9n), previous: before },
    { kind: "delete", kv: gone("a"), previous: before },
    { kind: "put", kv: kv("b", 9n) },
    { kind: "delete", kv: gone("b") },
  ]);
  expect(changes).toEqual([{ key: "a", before }]);
});

test("a key whose state before is compacted is missed, be it deleted or written", () => {
  const lost = { kind: "history-lost", key: "a" };
  expect(keyChanges([{ kind: "delete", kv: gone("a") }])).toEqual(lost);
  expect(keyChanges([{ kind: "put", kv: kv("a", 3n, 9n) }])).toEqual(lost);
});
