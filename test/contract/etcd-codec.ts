import { credentials, type MethodDefinition, type ServiceDefinition } from "@grpc/grpc-js";
import type { Compare, Op, OpResult, RangeOp, Txn, TxnResult } from "@holdfast/core/txn/txn";
import { Host } from "etcd3/lib/connection-pool.js";

/**
 * etcd3's own codecs, made from etcd's proto files: what our codec is held against. Their messages
 * have 64 bit numbers and enums as strings.
 */
const host = new Host("http://127.0.0.1:1", credentials.createInsecure());

/** The definition of one call, as etcd3 makes it. */
export function definition(service: "KV" | "Lease" | "Watch" | "Maintenance", call: string) {
  const client = host.getServiceClient(service).constructor as unknown as {
    readonly service: ServiceDefinition;
  };
  const found = client.service[call];
  if (found === undefined) throw new Error(`etcd3 has no ${service}.${call}`);
  return found as MethodDefinition<object, object>;
}

const targets = { create: "Create", mod: "Mod", value: "Value" } as const;
const operators = { "=": "Equal", "!=": "NotEqual", "<": "Less", ">": "Greater" } as const;

/** A transaction as etcd3 wants it. */
export function plainTxn(txn: Txn): object {
  return {
    compare: txn.compares.map(plainCompare),
    success: txn.success.map(plainOp),
    failure: txn.failure.map(plainOp),
  };
}

/** A range as etcd3 wants it. */
export function plainRange(range: RangeOp): object {
  const order = range.order === "create" ? { sort_order: "Ascend", sort_target: "Create" } : {};
  const { limit = 0, keysOnly = false, countOnly = false } = range;
  return { ...span(range), limit, keys_only: keysOnly, count_only: countOnly, ...order };
}

function plainCompare(compare: Compare): object {
  const head = { ...span(compare), target: targets[compare.target], result: operators[compare.op] };
  if (compare.target === "value") return { ...head, value: compare.value };
  return { ...head, [`${compare.target}_revision`]: String(compare.revision) };
}

function plainOp(op: Op): object {
  switch (op.kind) {
    case "put":
      return { request_put: { key: bytes(op.key), value: op.value, lease: String(op.lease) } };
    case "delete":
      return { request_delete_range: span(op) };
    case "range":
      return { request_range: plainRange(op) };
    case "txn":
      return { request_txn: plainTxn(op.txn) };
  }
}

/** The answer to a transaction as etcd3 would send it; the nested ones have headers too. */
export function plainTxnResult(result: TxnResult, header: object): object {
  return {
    header,
    succeeded: result.succeeded,
    responses: result.results.map((each) => plainOpResult(each, header)),
  };
}

function plainOpResult(result: OpResult, header: object): object {
  switch (result.kind) {
    case "put":
      return { response_put: { header } };
    case "delete":
      return { response_delete_range: { header, deleted: String(result.deleted) } };
    case "range": {
      const kvs = result.kvs.map(plainKeyValue);
      return { response_range: { header, kvs, more: true, count: String(result.count) } };
    }
    case "txn":
      return { response_txn: plainTxnResult(result.result, header) };
  }
}

/** A key with its value as etcd3 would send it. */
export function plainKeyValue(kv: {
  readonly key: string;
  readonly value: Uint8Array;
  readonly createRevision: bigint;
  readonly modRevision: bigint;
  readonly lease: bigint;
}): object {
  return {
    key: bytes(kv.key),
    value: kv.value,
    create_revision: String(kv.createRevision),
    mod_revision: String(kv.modRevision),
    version: "7",
    lease: String(kv.lease),
  };
}

function span(of: { readonly key: string; readonly rangeEnd?: string }): object {
  const key = bytes(of.key);
  return of.rangeEnd === undefined ? { key } : { key, range_end: bytes(of.rangeEnd) };
}

function bytes(text: string): Buffer {
  return Buffer.from(text, "latin1");
}
