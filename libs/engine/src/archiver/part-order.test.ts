import { utf8 } from "@holdfast/base/bytes";
import { append, type ChainHead, genesis } from "@holdfast/core/audit/chain";
import { expect, test } from "vitest";
import { orderDamage, type PartEnds } from "./part-order.ts";

const cluster = "c1";

/** Consecutive records of a chain as the manifest of their object has them. */
function part(before: ChainHead, count: number): PartEnds & { readonly head: ChainHead } {
  let head = before;
  for (let at = 0; at < count; at++) head = append(head, utf8(`record ${head.sequence + 1n}`));
  return {
    cluster,
    firstSequence: before.sequence + 1n,
    lastSequence: head.sequence,
    previousHash: before.hash,
    lastHash: head.hash,
    head,
  };
}

const first = part(genesis(cluster), 5);
const second = part(first.head, 5);
const third = part(second.head, 5);

test("parts that follow each other from the beginning are in order, and so is one that is missing", () => {
  expect(orderDamage(undefined, first)).toBeUndefined();
  expect(orderDamage(first, second)).toBeUndefined();
  expect(orderDamage(first, third)).toBeUndefined();
  expect(orderDamage(undefined, third)).toBeUndefined();
});

test("a part that follows another record than the last one before it is rewritten", () => {
  const hash = new Uint8Array(32);
  const forged = part({ ...first.head, hash }, 5);
  expect(orderDamage(first, forged)).toMatchObject({ kind: "rewritten", first: 6n });
  const begun = part({ ...genesis(cluster), hash }, 5);
  expect(orderDamage(undefined, begun)).toMatchObject({ kind: "rewritten", first: 1n });
});

test("a record that two parts hold is forked", () => {
  expect(orderDamage(second, second)).toMatchObject({ kind: "forked", first: 6n });
  expect(orderDamage(second, first)).toMatchObject({ kind: "forked", first: 1n });
});
