import { expect, test } from "vitest";
import { joinTxns } from "./join.ts";
import { defaultBatchLimits, type Member, Packing } from "./packing.ts";
import { sizeOf } from "./size.ts";
import { absent, type Txn } from "./txn.ts";

function txn(width: number, valueBytes = 1): Txn {
  return {
    compares: Array.from({ length: width }, (_, index) => absent(`k${index}`)),
    success: [{ kind: "put", key: "k", value: new Uint8Array(valueBytes), lease: 0n }],
    failure: [],
  };
}

/** Packs until there is no room and says how many fitted. */
function fill(packing: Packing<Member>, next: (index: number) => Member): number {
  for (let index = 0; ; index++) {
    const member = next(index);
    if (!packing.add(member, sizeOf(member.txn))) return index;
  }
}

test("a batch of usual operations is bounded by their number, one of wide ones by etcd's limit", () => {
  expect(fill(new Packing(defaultBatchLimits, 0), () => ({ txn: txn(8) }))).toBe(512);
  // 32 bundles of 36: each as deep as etcd allows.
  const limits = { ...defaultBatchLimits, membersMax: 10_000, bytesMax: 10_000_000 };
  expect(fill(new Packing(limits, 0), () => ({ txn: txn(60) }))).toBe(32 * 36);
});

test.each([2, 8, 32])("what is packed never passes etcd's limit, %i together", (togetherMax) => {
  const packing = new Packing({ ...defaultBatchLimits, membersMax: 10_000 }, togetherMax);
  const widths = [1, 5, 40, 8, 95, 3, 60];
  fill(packing, (index) => ({
    txn: txn(widths[index % widths.length] ?? 1),
    hopeful: index % 2 === 0,
  }));
  expect(packing.bundles.length).toBeGreaterThan(10);
  for (const hoist of [true, false]) {
    expect(sizeOf(joinTxns(packing.bundles, hoist)).width).toBeLessThanOrEqual(128);
  }
});

test.each([95, 96, 127])("an operation %i wide goes alone where it would not fit", (width) => {
  const fits = width < 96;
  const packing = new Packing(defaultBatchLimits, 0);
  const wide = { txn: txn(width) };
  expect(packing.add({ txn: txn(1) }, sizeOf(txn(1)))).toBe(true);
  expect(packing.add(wide, sizeOf(wide.txn))).toBe(fits);
  const alone = new Packing(defaultBatchLimits, 0);
  expect(alone.add(wide, sizeOf(wide.txn))).toBe(true);
  expect(alone.add({ txn: txn(1) }, sizeOf(txn(1)))).toBe(fits);
});

test("an operation of more bytes than a batch goes alone", () => {
  const limits = { ...defaultBatchLimits, bytesMax: 1_000 };
  const big = { txn: txn(1, 2_000) };
  const packing = new Packing(limits, 0);
  expect(packing.add(big, sizeOf(big.txn))).toBe(true);
  expect(packing.add({ txn: txn(1) }, sizeOf(txn(1)))).toBe(false);
  const others = new Packing(limits, 0);
  expect(others.add({ txn: txn(1) }, sizeOf(txn(1)))).toBe(true);
  expect(others.add(big, sizeOf(big.txn))).toBe(false);
});

test("only hopeful operations go together, as many as they may, each compare once", () => {
  const shared = absent("shared");
  const member = (key: string, hopeful: boolean): Member => ({
    txn: {
      compares: [shared, absent(key)],
      success: [{ kind: "delete", key }],
      failure: [{ kind: "range", key }],
    },
    hopeful,
  });
  const packing = new Packing(defaultBatchLimits, 2);
  const members = [member("a", true), member("b", false), member("c", true), member("d", true)];
  for (const each of members) packing.add(each, sizeOf(each.txn));
  expect(packing.bundles.map(({ kind, members }) => [kind, members.length])).toEqual([
    ["all", 2],
    ["each", 1],
    ["all", 1],
  ]);
  const [together] = joinTxns(packing.bundles, false).success;
  expect(together).toEqual({
    kind: "txn",
    txn: {
      compares: [shared, absent("a"), absent("c")],
      success: [
        { kind: "delete", key: "a" },
        { kind: "delete", key: "c" },
      ],
      failure: [],
    },
  });
});
