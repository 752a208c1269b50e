import type { CompareOp, RangeOp } from "@holdfast/core/txn/txn";
import fc from "fast-check";

/**
 * Random programs for a shard store, in a form that knows no store: keys lack their prefix, leases
 * are slots, and revisions count from the store's revision at the start of the program.
 */
export type Step =
  | { readonly kind: "commit"; readonly txn: TxnPlan }
  | { readonly kind: "range"; readonly range: RangePlan }
  | { readonly kind: "grant"; readonly slot: number; readonly ttlS: number }
  | { readonly kind: "revoke"; readonly slot: number }
  | { readonly kind: "keepAlive"; readonly slot: number }
  | { readonly kind: "leaseKeys"; readonly slot: number }
  | { readonly kind: "watch"; readonly slot: number; readonly span: Span; readonly from: number }
  | { readonly kind: "cancel"; readonly slot: number }
  | { readonly kind: "compact"; readonly revision: number };

/** A key, or a range where `end` sorts after it. */
export interface Span {
  readonly key: string;
  readonly end: string | undefined;
}

/** 0 is 0; `n` is the revision of the n-th write of the program. */
export type RevisionPlan = number;

export interface TxnPlan {
  readonly compares: readonly ComparePlan[];
  readonly success: readonly OpPlan[];
  readonly failure: readonly OpPlan[];
}

export type ComparePlan =
  | {
      readonly target: "create" | "mod";
      readonly span: Span;
      readonly op: CompareOp;
      readonly revision: RevisionPlan;
    }
  | {
      readonly target: "value";
      readonly span: Span;
      readonly op: CompareOp;
      readonly value: string;
    };

export type OpPlan =
  /** `lease` -1 is none; a slot never granted, or revoked, is a lease that does not exist. */
  | { readonly kind: "put"; readonly key: string; readonly value: string; readonly lease: number }
  | { readonly kind: "delete"; readonly span: Span }
  | { readonly kind: "range"; readonly range: RangePlan }
  | { readonly kind: "txn"; readonly txn: TxnPlan }
  /** `count` puts of different keys, each of `bytes`: to pass the limits. */
  | { readonly kind: "many"; readonly count: number; readonly bytes: number };

export interface RangePlan {
  readonly span: Span;
  readonly limit: number;
  readonly keysOnly: boolean;
  readonly countOnly: boolean;
  readonly order: NonNullable<RangeOp["order"]>;
}

/** Few keys, some of them prefixes of others, so that programs collide. */
const keyNames = ["a", "a/", "a/b", "a/c", "a0", "b", "b/c", "c", "d", "e", "f", "g"];
const leaseSlots = 3;
const watchSlots = 3;

const key = fc.constantFrom(...keyNames);
const span: fc.Arbitrary<Span> = fc
  .tuple(key, fc.option(fc.constantFrom(...keyNames, "h"), { nil: undefined }))
  .map(([from, end]) => ({ key: from, end: end !== undefined && end > from ? end : undefined }));
const compareOp = fc.constantFrom<CompareOp>("=", "!=", "<", ">");
const value = fc.constantFrom("", "0", "1", "11");
const leaseSlot = fc.integer({ min: 0, max: leaseSlots - 1 });
const revision = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 12 }));

const compare: fc.Arbitrary<ComparePlan> = fc.oneof(
  fc.record({
    target: fc.constantFrom("create" as const, "mod" as const),
    span,
    op: compareOp,
    revision,
  }),
  // The commonest compare of all: the key, or the range, does not exist.
  fc.record({
    target: fc.constant("create" as const),
    span,
    op: fc.constant("=" as const),
    revision: fc.constant(0),
  }),
  fc.record({ target: fc.constant("value" as const), span, op: compareOp, value }),
);

const range: fc.Arbitrary<RangePlan> = fc.record({
  span,
  limit: fc.integer({ min: 0, max: 3 }),
  keysOnly: fc.boolean(),
  countOnly: fc.integer({ min: 0, max: 4 }).map((roll) => roll === 0),
  order: fc.constantFrom("key" as const, "create" as const),
});

const put: fc.Arbitrary<OpPlan> = fc.record({
  kind: fc.constant("put" as const),
  key,
  value,
  lease: fc.oneof({ weight: 4, arbitrary: fc.constant(-1) }, { weight: 3, arbitrary: leaseSlot }),
});
const plainOp: fc.Arbitrary<OpPlan> = fc.oneof(
  { weight: 4, arbitrary: put },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("delete" as const), span }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("range" as const), range }) },
);

/** Transactions nested up to three deep. */
function txn(depth: number): fc.Arbitrary<TxnPlan> {
  const nested = depth === 0 ? [] : [{ weight: 1, arbitrary: nestedOp(depth - 1) }];
  const ops = fc.array(fc.oneof({ weight: 3, arbitrary: plainOp }, ...nested), { maxLength: 2 });
  return fc.record({ compares: fc.array(compare, { maxLength: 2 }), success: ops, failure: ops });
}

function nestedOp(depth: number): fc.Arbitrary<OpPlan> {
  return fc.record({ kind: fc.constant("txn" as const), txn: txn(depth) });
}

/** One put each in a batch of nested transactions: a batch as the committer makes it. */
const batch: fc.Arbitrary<TxnPlan> = fc
  .array(txn(0), { minLength: 1, maxLength: 4 })
  .map((txns) => ({
    compares: [],
    success: txns.map((each) => ({ kind: "txn" as const, txn: each })),
    failure: [],
  }));

/** The request limit of the stores that run programs: 1.5 MiB would take most of the time. */
export const requestBytesMax = 64 * 1024;

/** Around the limits. */
const large: fc.Arbitrary<TxnPlan> = fc
  .tuple(
    fc.constantFrom(126, 127, 128, 129),
    fc.constantFrom(1, 2),
    // 126 puts of 500 bytes are about as much as a store with the limit of programs takes.
    fc.constantFrom(1, 500),
  )
  .map(([count, depth, bytes]) => {
    let ops: OpPlan[] = [{ kind: "many", count: depth === 1 ? count : count - 1, bytes }];
    if (depth === 2) ops = [{ kind: "txn", txn: { compares: [], success: ops, failure: [] } }];
    return { compares: [], success: ops, failure: [] };
  });

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: commit(txn(2)) },
  { weight: 6, arbitrary: commit(batch) },
  { weight: 1, arbitrary: commit(large) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("range" as const), range }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("grant" as const),
      slot: leaseSlot,
      ttlS: fc.integer({ min: 600, max: 603 }),
    }),
  },
  { weight: 2, arbitrary: onLease("revoke") },
  { weight: 2, arbitrary: onLease("keepAlive") },
  { weight: 3, arbitrary: onLease("leaseKeys") },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("watch" as const),
      slot: fc.integer({ min: 1, max: watchSlots }),
      span,
      from: fc.integer({ min: 1, max: 12 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("cancel" as const),
      slot: fc.integer({ min: 1, max: watchSlots }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("compact" as const),
      revision: fc.integer({ min: 1, max: 10 }),
    }),
  },
);

function commit(plan: fc.Arbitrary<TxnPlan>): fc.Arbitrary<Step> {
  return fc.record({ kind: fc.constant("commit" as const), txn: plan });
}

function onLease(kind: "revoke" | "keepAlive" | "leaseKeys"): fc.Arbitrary<Step> {
  return fc.record({ kind: fc.constant(kind), slot: leaseSlot });
}

/**
 * A program of about thirty steps. It begins with leases, or few keys would ever hang on one, and
 * with a watch of everything that lasts to the end.
 */
export const program: fc.Arbitrary<readonly Step[]> = fc
  .array(step, { minLength: 25, maxLength: 35 })
  .map((steps) => [
    { kind: "grant", slot: 0, ttlS: 600 },
    { kind: "grant", slot: 1, ttlS: 600 },
    { kind: "grant", slot: 2, ttlS: 600 },
    { kind: "watch", slot: 0, span: { key: "a", end: "h" }, from: 1 },
    ...steps,
  ]);

/** A transaction of any shape, for the codecs. */
export const anyTxn: fc.Arbitrary<TxnPlan> = fc.oneof(txn(2), batch, large);
