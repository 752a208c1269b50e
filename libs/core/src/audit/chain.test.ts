import { utf8 } from "@holdfast/base/bytes";
import { expect, test } from "vitest";
import { append, follows, genesis, headOf, isIntact } from "./chain.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

test("a chain has the same hashes for ever: they stand in ledgers and archives", () => {
  const first = append(genesis("c1"), utf8("one"));
  const second = append(first, utf8("two"));
  expect([genesis("c1"), first, second].map(({ hash }) => hex(hash))).toEqual([
    "9f7428cb84a8b005931fa93b4c6be49e4c74afd9e9df636fc67ab6cf85ad120b",
    "f503c1a0887a982be4cda449cd64ce2819f464e96fc68ad35c3aadcdca0aa780",
    "0045232397f4c58db37515b293d81b7b9b7ec8ecd2569a4c4ad0b98f85a0a86e",
  ]);
});

test("a chain goes on from a stored head as if it had never stopped", () => {
  const first = append(genesis("c1"), utf8("one"));
  const stored = structuredClone(headOf(first));
  expect(append(stored, utf8("two"))).toEqual(append(first, utf8("two")));
  expect("bytes" in headOf(first)).toBe(false);
});

test("two clusters have no link in common, though their records are equal", () => {
  const here = append(genesis("c1"), utf8("one"));
  const there = append(genesis("c2"), utf8("one"));
  expect(here.previous).not.toEqual(there.previous);
  expect(here.hash).not.toEqual(there.hash);
  expect(follows(genesis("c2"), here)).toBe(false);
});

test("whatever of a link is changed, its hash shows it", () => {
  const link = append(append(genesis("c1"), utf8("one")), utf8("two"));
  expect(isIntact(link)).toBe(true);
  expect(isIntact({ ...link, cluster: "c2" })).toBe(false);
  expect(isIntact({ ...link, sequence: 3n })).toBe(false);
  expect(isIntact({ ...link, sequence: link.sequence + 2n ** 64n })).toBe(false);
  expect(isIntact({ ...link, bytes: utf8("twO") })).toBe(false);
  expect(isIntact({ ...link, previous: utf8("") })).toBe(false);
  expect(isIntact({ ...link, hash: link.hash.slice(1) })).toBe(false);
});

test("a chain does not go on from a head that is none", () => {
  const head = genesis("c1");
  expect(() => append({ ...head, hash: utf8("short") }, utf8("one"))).toThrow("whole hash");
  expect(() => append({ ...head, sequence: -1n }, utf8("one"))).toThrow("sequence");
  expect(() => append({ ...head, sequence: 2n ** 63n - 1n }, utf8("one"))).toThrow("sequence");
});
