import type { GrantId, LeaseId, SessionId } from "@holdfast/base/ids";
import { expect, test } from "vitest";
import { ancestorsOf, footprintOf } from "./hierarchy.ts";
import {
  lockKeys,
  parseKey,
  poolMarkerKey,
  sessionMarkerKey,
  subtree,
  tombstoneKey,
  tombstonesOf,
} from "./keys.ts";

test("a lock's key is its kind, slot, namespace, name and grant", () => {
  const keys = lockKeys(0xabc, "orders", "a/b");
  expect(keys.exclusive.prefix).toBe("x/abc/orders/a/b/\0");
  expect(keys.shared.prefix).toBe("s/abc/orders/a/b/\0");
  expect(keys.queue.prefix).toBe("q/abc/orders/a/b/\0");
  expect(keys.tombstones.prefix).toBe("t/abc/orders/a/b/\0");
  expect(parseKey(`${keys.queue.prefix}G`)).toEqual({
    kind: "q",
    slot: 0xabc,
    namespace: "orders",
    name: "a/b",
    grantId: "G" as GrantId,
  });
});

test("a request's tombstones are one key a lease, and no other request's", () => {
  const keys = lockKeys(1, "n", "a");
  const key = tombstoneKey(keys, "G" as GrantId, 0x1fn as LeaseId);
  expect(key).toBe("t/001/n/a/\0G/1f");
  expect(parseKey(key)?.grantId).toBe("G");
  const { prefix, end } = tombstonesOf(keys, "G" as GrantId);
  const holds = (other: string) => other >= prefix && other < end;
  expect(holds(key)).toBe(true);
  expect(holds(tombstoneKey(keys, "GG" as GrantId, 1n as LeaseId))).toBe(false);
  expect(holds(tombstoneKey(keys, "H" as GrantId, 1n as LeaseId))).toBe(false);
});

test("no lock's range holds another lock's keys", () => {
  const range = lockKeys(1, "n", "a").exclusive;
  for (const name of ["a/b", "a0", "a.", "ab", "a/"]) {
    const other = `${lockKeys(1, "n", name).exclusive.prefix}G`;
    expect(other >= range.prefix && other < range.end, name).toBe(false);
  }
});

test("a subtree holds the lock itself and everything below it, and no neighbour", () => {
  const { prefix, end } = subtree("x", 1, "tree", "a/b");
  const holds = (name: string) => {
    const key = `${lockKeys(1, "tree", name).exclusive.prefix}G`;
    return key >= prefix && key < end;
  };
  expect(["a/b", "a/b/c", "a/b/c/d"].map(holds)).toEqual([true, true, true]);
  expect(["a", "a/bc", "a/b0", "a/b-", "a/c"].map(holds)).toEqual([
    false,
    false,
    false,
    false,
    false,
  ]);
});

test("a hierarchical lock looks at its ancestors and its subtree", () => {
  expect(ancestorsOf("a/b/c")).toEqual(["a", "a/b"]);
  const footprint = footprintOf(lockKeys(1, "tree", "a/b"), 1, "tree", "a/b", true);
  expect(footprint.exclusive.map(({ prefix }) => prefix)).toEqual([
    "x/001/tree/a/b/",
    "x/001/tree/a/\0",
  ]);
  expect(footprint.shared.map(({ prefix }) => prefix)).toEqual([
    "s/001/tree/a/b/",
    "s/001/tree/a/\0",
  ]);
});

test("keys of other kinds are not a lock's", () => {
  for (const key of [
    "/epoch",
    "m/placement",
    sessionMarkerKey("S" as SessionId),
    poolMarkerKey(10n as LeaseId),
    "",
    "x/",
    "x/001/n",
  ]) {
    expect(parseKey(key)).toBeUndefined();
  }
});
