import assert from "node:assert/strict";
import type { Txn } from "@holdfast/core/txn/txn";
import type { Region } from "./region.ts";
import { until } from "./until.ts";

const plugKey = "plug";

/**
 * Queues operations behind one that stands before the gate, so that all of them are ready when the
 * next batch is made. Needs a region with one batch in flight at a time; each operation must queue
 * one transaction without waiting for anything else.
 *
 * `before` runs when all are queued and none was sent.
 */
export async function packed<T>(
  region: Region,
  operations: readonly (() => Promise<T>)[],
  before: () => Promise<void> = async () => {},
): Promise<Promise<T>[]> {
  const plug = await plugIn(region);
  const answers = operations.map((operation) => operation());
  await queued(region, operations.length);
  await before();
  plug.open();
  return answers;
}

/**
 * As {@link packed}, with a `first` that commits something else before it queues the transaction in
 * question: what `puts` a key that begins so is let through before the others come.
 */
export async function packedAfter<First, T>(
  region: Region,
  puts: string,
  first: () => Promise<First>,
  operations: readonly (() => Promise<T>)[],
  before: () => Promise<void> = async () => {},
): Promise<readonly [Promise<First>, ...Promise<T>[]]> {
  const earlier = region.gate().hold(({ success: [op] }) => {
    return op?.kind === "put" && op.key.startsWith(puts);
  });
  const answer = first();
  await earlier.reached();
  const plug = region.gate().hold(isPlug);
  submitPlug(region);
  earlier.open();
  await plug.reached();
  await queued(region, 1);
  const answers: Promise<T>[] = [];
  for (const operation of operations) {
    answers.push(operation());
    // Their order in the batch is part of the scenario.
    await queued(region, 1 + answers.length);
  }
  await before();
  plug.open();
  return [answer, ...answers];
}

async function plugIn(region: Region): Promise<{ open(): void }> {
  const plug = region.gate().hold(isPlug);
  submitPlug(region);
  await plug.reached();
  return plug;
}

function submitPlug(region: Region): void {
  const txn: Txn = { compares: [], success: [{ kind: "range", key: plugKey }], failure: [] };
  void region.shard().committer.submit(txn, plugKey);
}

/** Alone, or in a batch with what else was queued. */
function isPlug(txn: Txn): boolean {
  return txn.success.some(
    (op) => (op.kind === "range" && op.key === plugKey) || (op.kind === "txn" && isPlug(op.txn)),
  );
}

function queued(region: Region, count: number): Promise<void> {
  const { committer } = region.shard();
  const what = `${count} operations queued`;
  return until(what, () => {
    assert(committer.queued <= count, `${committer.queued} operations are queued, not ${count}`);
    return committer.queued === count;
  });
}
