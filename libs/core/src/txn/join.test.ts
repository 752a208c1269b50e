import { expect, test } from "vitest";
import { epochIs } from "../lock/epoch.ts";
import { joinTxns } from "./join.ts";
import { absent, type Txn } from "./txn.ts";

const put = (key: string, epoch?: number): Txn => ({
  compares: [...(epoch === undefined ? [] : [epochIs(epoch)]), absent(key)],
  success: [{ kind: "put", key, value: new Uint8Array(), lease: 0n }],
  failure: [],
});

test("what most compare first is compared once", () => {
  const { txn, hoisted } = joinTxns([put("a", 1), put("b", 1), put("c")], true);
  expect(hoisted).toBe(true);
  expect(txn.compares).toEqual([epochIs(1)]);
  const inner = txn.success.map((op) => (op.kind === "txn" ? op.txn.compares : []));
  expect(inner).toEqual([[absent("a")], [absent("b")], [absent("c")]]);
});

test("members of different epochs keep their own compares", () => {
  const { txn } = joinTxns([put("a", 1), put("b", 1), put("c", 2)], true);
  const last = txn.success[2];
  expect(last?.kind === "txn" && last.txn.compares[0]).toBe(epochIs(2));
});

test("without hoisting each compares for itself", () => {
  const members = [put("a", 1), put("b", 1)];
  const { txn, hoisted } = joinTxns(members, false);
  expect(hoisted).toBe(false);
  expect(txn.success).toEqual(members.map((member) => ({ kind: "txn", txn: member })));
});
