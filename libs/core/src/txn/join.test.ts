import { expect, test } from "vitest";
import { epochIs } from "../lock/epoch.ts";
import { eachAnswer, joinTxns } from "./join.ts";
import { type Bundle, defaultBatchLimits, type Member, Packing } from "./packing.ts";
import { sizeOf } from "./size.ts";
import { absent, type OpResult, type Txn, type TxnResult } from "./txn.ts";

const put = (key: string, epoch?: number): Txn => ({
  compares: [...(epoch === undefined ? [] : [epochIs(epoch)]), absent(key)],
  success: [{ kind: "put", key, value: new Uint8Array(), lease: 0n }],
  failure: [],
});

function pack(members: readonly Member[], togetherMax = 0): readonly Bundle<Member>[] {
  const packing = new Packing<Member>(defaultBatchLimits, togetherMax);
  for (const member of members) packing.add(member, sizeOf(member.txn));
  return packing.bundles;
}

/** The compares of those that decide for themselves, in order. */
function comparesWithin(txn: Txn): Txn["compares"][] {
  return txn.success.flatMap((op) => {
    if (op.kind !== "txn") return [];
    return op.txn.success.some(({ kind }) => kind === "txn")
      ? comparesWithin(op.txn)
      : [op.txn.compares];
  });
}

test("what most compare first is compared once", () => {
  const txn = joinTxns(pack([{ txn: put("a", 1) }, { txn: put("b", 1) }, { txn: put("c") }]), true);
  expect(txn.compares).toEqual([epochIs(1)]);
  expect(comparesWithin(txn)).toEqual([[absent("a")], [absent("b")], [absent("c")]]);
});

test("members of different epochs keep their own compares", () => {
  const members = [{ txn: put("a", 1) }, { txn: put("b", 1) }, { txn: put("c", 2) }];
  const [, , last] = comparesWithin(joinTxns(pack(members), true));
  expect(last?.[0]).toBe(epochIs(2));
});

test("without hoisting each compares for itself", () => {
  const txn = joinTxns(pack([{ txn: put("a", 1) }, { txn: put("b", 1) }]), false);
  expect(txn.compares).toEqual([]);
  expect(comparesWithin(txn)).toEqual([
    [epochIs(1), absent("a")],
    [epochIs(1), absent("b")],
  ]);
});

test("members of different epochs go together, each compare once", () => {
  const members = ["a", "b", "c"].map((key, index) => ({
    txn: put(key, index < 2 ? 1 : 2),
    hopeful: true,
  }));
  expect(comparesWithin(joinTxns(pack(members, 8), true))).toEqual([
    [absent("a"), absent("b"), epochIs(2), absent("c")],
  ]);
});

const won: TxnResult = { succeeded: true, results: [{ kind: "put" }] };
const lost: TxnResult = { succeeded: false, results: [] };
const nest = (...results: TxnResult[]): OpResult[] =>
  results.map((result) => ({ kind: "txn", result }));

/** What each key is told: its result, or nothing. */
function read(bundles: readonly Bundle<Member>[], result: TxnResult): Map<string, unknown> {
  const told = new Map<string, unknown>();
  const keyOf = ({ txn }: Member) => (txn.success[0] as { key: string }).key;
  eachAnswer(
    bundles,
    result,
    (member, answer) => told.set(keyOf(member), answer),
    (member) => told.set(keyOf(member), undefined),
  );
  return told;
}

test("each gets its own answer, whoever it went with", () => {
  const release: Txn = {
    ...put("r"),
    success: [{ kind: "delete", key: "r" }, ...put("s").success],
  };
  const bundles = pack(
    [
      { txn: put("a"), hopeful: true },
      { txn: put("b") },
      { txn: release, hopeful: true },
      { txn: put("c") },
    ],
    8,
  );
  const together: TxnResult = {
    succeeded: true,
    results: [{ kind: "put" }, { kind: "delete", deleted: 1 }, { kind: "put" }],
  };
  const each: TxnResult = { succeeded: true, results: nest(lost, won) };
  const told = read(bundles, { succeeded: true, results: nest(together, each) });
  expect(told.get("a")).toEqual(won);
  expect(told.get("b")).toEqual(lost);
  expect(told.get("c")).toEqual(won);
  expect(told.get("r")).toEqual({
    succeeded: true,
    results: [{ kind: "delete", deleted: 1 }, { kind: "put" }],
  });
});

test("a bundle that lost decides nothing about its members", () => {
  const hopeful = ["a", "b"].map((key) => ({ txn: put(key), hopeful: true }));
  const bundles = pack([...hopeful, { txn: put("c") }], 8);
  const told = read(bundles, { succeeded: true, results: nest(lost, lost) });
  expect([...told]).toEqual([
    ["a", undefined],
    ["b", undefined],
    ["c", lost],
  ]);
});

test("a batch that lost what was hoisted decides nothing at all", () => {
  const bundles = pack([{ txn: put("a", 1) }, { txn: put("b", 1) }]);
  expect([...read(bundles, lost).values()]).toEqual([undefined, undefined]);
});
