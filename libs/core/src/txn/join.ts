import type { Txn } from "./txn.ts";

/** Transactions as one, each nested. */
export interface JoinedTxn {
  readonly txn: Txn;
  /** The joined transaction compares something for all: if that is lost, none was carried out. */
  readonly hoisted: boolean;
}

/**
 * Nests transactions in one. With `hoist`, a first compare that most of them share is made once for
 * all instead of by each: every compare is a read on every member of the store, and all compares
 * see the state before the batch, so the decision is the same. Where the hoisted compare is lost
 * nothing was done, and the batch is joined again without hoisting, for each to learn its own
 * answer.
 */
export function joinTxns(txns: readonly Txn[], hoist: boolean): JoinedTxn {
  const shared = hoist ? sharedCompare(txns) : undefined;
  return {
    hoisted: shared !== undefined,
    txn: {
      compares: shared === undefined ? [] : [shared],
      success: txns.map((txn) => ({
        kind: "txn",
        txn:
          shared !== undefined && txn.compares[0] === shared
            ? { compares: txn.compares.slice(1), success: txn.success, failure: txn.failure }
            : txn,
      })),
      failure: [],
    },
  };
}

/** The first compare of at least half of the transactions, the very same object in each. */
function sharedCompare(txns: readonly Txn[]): Txn["compares"][number] | undefined {
  const candidate = txns.find(({ compares }) => compares.length > 0)?.compares[0];
  if (candidate === undefined) return undefined;
  let sharing = 0;
  for (const { compares } of txns) if (compares[0] === candidate) sharing++;
  return sharing * 2 >= txns.length ? candidate : undefined;
}
