import type { Compare, Op, Txn } from "@holdfast/core/txn/txn";
import {
  CompareResult,
  CompareTarget,
  type ICompare,
  type IRequestOp,
  type ITxnRequest,
  type KVClient,
} from "etcd3/lib/rpc.js";

/** What came of a transaction whose steps are transactions themselves. */
export interface Committed {
  readonly revision: bigint;
  readonly succeeded: boolean;
  /** One entry for each nested transaction of the branch that ran. */
  readonly nested: readonly boolean[];
}

/** Sends transactions of our language through the plain client of etcd3. */
export async function commitBy(kv: KVClient, txn: Txn): Promise<Committed> {
  const response = await kv.txn(request(txn));
  return {
    revision: BigInt(response.header.revision),
    succeeded: response.succeeded,
    nested: response.responses.map((each) => each.response_txn?.succeeded ?? true),
  };
}

function request(txn: Txn): ITxnRequest {
  return {
    compare: txn.compares.map(compare),
    success: txn.success.map(step),
    failure: txn.failure.map(step),
  };
}

const results = {
  "=": CompareResult.Equal,
  "!=": CompareResult.NotEqual,
  "<": CompareResult.Less,
  ">": CompareResult.Greater,
};

function compare(each: Compare): ICompare {
  const base = { key: Buffer.from(each.key, "latin1"), result: results[each.op] };
  if (each.target === "value") {
    return { ...base, target: CompareTarget.Value, value: Buffer.from(each.value) };
  }
  const range =
    each.rangeEnd === undefined ? {} : { range_end: Buffer.from(each.rangeEnd, "latin1") };
  return each.target === "create"
    ? { ...base, ...range, target: CompareTarget.Create, create_revision: String(each.revision) }
    : { ...base, ...range, target: CompareTarget.Mod, mod_revision: String(each.revision) };
}

function step(op: Op): IRequestOp {
  if (op.kind === "txn") return { request_txn: request(op.txn) };
  const key = Buffer.from(op.key, "latin1");
  if (op.kind === "put") {
    return { request_put: { key, value: Buffer.from(op.value), lease: String(op.lease) } };
  }
  const end = op.rangeEnd === undefined ? {} : { range_end: Buffer.from(op.rangeEnd, "latin1") };
  if (op.kind === "delete") return { request_delete_range: { key, ...end } };
  return { request_range: { key, ...end, limit: op.limit ?? 0 } };
}
