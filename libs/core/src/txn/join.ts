import { invariant } from "@holdfast/base/invariant";
import type { Bundle, Member } from "./packing.ts";
import type { Compare, Op, OpResult, Txn, TxnResult } from "./txn.ts";

/**
 * The bundles of a batch as one transaction. With `hoist`, a first compare that most members share
 * is made once for all instead of by each: every compare is a read on every member of the store,
 * and all compares see the state before the batch, so the decision is the same.
 */
export function joinTxns(bundles: readonly Bundle<Member>[], hoist: boolean): Txn {
  const shared = hoist ? sharedCompare(bundles) : undefined;
  return {
    compares: shared === undefined ? [] : [shared],
    success: bundles.map((bundle) => ({ kind: "txn", txn: bundleTxn(bundle, shared) })),
    failure: [],
  };
}

/**
 * Hands each member its own answer out of the batch's. `undecided`: its bundle, or the batch, was
 * lost as a whole. Nothing of it was carried out, and it is to be asked again by itself.
 */
export function eachAnswer<M extends Member>(
  bundles: readonly Bundle<M>[],
  batch: TxnResult,
  decided: (member: M, result: TxnResult) => void,
  undecided: (member: M) => void,
): void {
  for (const [index, bundle] of bundles.entries()) {
    const [only] = bundle.members;
    const result = batch.succeeded ? nested(batch.results[index]) : undefined;
    if (result !== undefined && bundle.members.length === 1 && only !== undefined) {
      decided(only, result);
    } else if (result === undefined || !result.succeeded) {
      bundle.members.forEach(undecided);
    } else if (bundle.kind === "each") {
      for (const [at, member] of bundle.members.entries()) {
        decided(member, nested(result.results[at]));
      }
    } else {
      let at = 0;
      for (const member of bundle.members) {
        const from = at;
        at += member.txn.success.length;
        decided(member, { succeeded: true, results: result.results.slice(from, at) });
      }
    }
  }
}

function bundleTxn(bundle: Bundle<Member>, shared: Compare | undefined): Txn {
  const [only] = bundle.members;
  if (bundle.members.length === 1 && only !== undefined) return without(shared, only.txn);
  if (bundle.kind === "each") {
    const success = bundle.members.map(
      ({ txn }): Op => ({ kind: "txn", txn: without(shared, txn) }),
    );
    return { compares: [], success, failure: [] };
  }
  const compares: Compare[] = [];
  for (const compare of bundle.compares) if (compare !== shared) compares.push(compare);
  const success: Op[] = [];
  for (const { txn } of bundle.members) for (const op of txn.success) success.push(op);
  return { compares, success, failure: [] };
}

function without(shared: Compare | undefined, txn: Txn): Txn {
  if (shared === undefined || txn.compares[0] !== shared) return txn;
  return { compares: txn.compares.slice(1), success: txn.success, failure: txn.failure };
}

/** The first compare of at least half of the members, the very same object in each. */
function sharedCompare(bundles: readonly Bundle<Member>[]): Compare | undefined {
  let candidate: Compare | undefined;
  let sharing = 0;
  let length = 0;
  for (const { members } of bundles) {
    length += members.length;
    for (const { txn } of members) {
      candidate ??= txn.compares[0];
      if (candidate !== undefined && txn.compares[0] === candidate) sharing++;
    }
  }
  return sharing * 2 >= length ? candidate : undefined;
}

function nested(answer: OpResult | undefined): TxnResult {
  invariant(answer?.kind === "txn", "a nested transaction answers as one");
  return answer.result;
}
