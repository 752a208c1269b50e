import { emptyBytes } from "@holdfast/base/bytes";
import type { KeyValue, OpResult, RangeResult, TxnResult } from "@holdfast/core/txn/txn";
import { Reader } from "./reader.ts";
import { tags } from "./tags.ts";

/** Who answered, at which revision, and in which term of its leader. */
export interface Header {
  readonly clusterId: bigint;
  readonly revision: bigint;
  readonly raftTerm: bigint;
}

/** Of an answer that names none. */
export const noHeader: Header = { clusterId: 0n, revision: 0n, raftTerm: 0n };

/** Decodes a TxnResponse. */
export function decodeTxn(buffer: Buffer): Header & { readonly result: TxnResult } {
  const reader = new Reader(buffer);
  let header = noHeader;
  let succeeded = false;
  const results: OpResult[] = [];
  for (let tag = reader.tag(reader.length); tag !== 0; tag = reader.tag(reader.length)) {
    if (tag === tags.txnResponse.responses) results.push(readOp(reader, reader.enter()));
    else if (tag === tags.txnResponse.header) header = readHeader(reader);
    else if (tag === tags.txnResponse.succeeded) succeeded = reader.number() !== 0;
    else reader.skip(tag);
  }
  return { ...header, result: { succeeded, results } };
}

/** Decodes a RangeResponse. */
export function decodeRange(buffer: Buffer): Header & { readonly range: RangeResult } {
  const reader = new Reader(buffer);
  let header = noHeader;
  const range = readRange(reader, reader.length, () => {
    header = readHeader(reader);
  });
  return { ...header, range };
}

/** Reads a ResponseHeader at the reader's place. */
export function readHeader(reader: Reader): Header {
  const end = reader.enter();
  let clusterId = 0n;
  let revision = 0n;
  let raftTerm = 0n;
  for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
    if (tag === tags.header.clusterId) clusterId = reader.uint64();
    else if (tag === tags.header.revision) revision = reader.uint64();
    else if (tag === tags.header.raftTerm) raftTerm = reader.uint64();
    else reader.skip(tag);
  }
  return { clusterId, revision, raftTerm };
}

/** Reads a KeyValue at the reader's place. */
export function readKeyValue(reader: Reader): KeyValue {
  const end = reader.enter();
  let key = "";
  let value: Uint8Array = emptyBytes;
  let createRevision = 0n;
  let modRevision = 0n;
  let lease = 0n;
  const tag = tags.keyValue;
  for (let next = reader.tag(end); next !== 0; next = reader.tag(end)) {
    if (next === tag.key) key = reader.text();
    else if (next === tag.value) value = reader.bytes();
    else if (next === tag.createRevision) createRevision = reader.uint64();
    else if (next === tag.modRevision) modRevision = reader.uint64();
    else if (next === tag.lease) lease = reader.uint64();
    else reader.skip(next);
  }
  return { key, value, createRevision, modRevision, lease };
}

function readTxn(reader: Reader, end: number): TxnResult {
  let succeeded = false;
  const results: OpResult[] = [];
  for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
    if (tag === tags.txnResponse.responses) results.push(readOp(reader, reader.enter()));
    else if (tag === tags.txnResponse.succeeded) succeeded = reader.number() !== 0;
    else reader.skip(tag);
  }
  return { succeeded, results };
}

const putResult: OpResult = { kind: "put" };

function readOp(reader: Reader, end: number): OpResult {
  let result: OpResult = putResult;
  for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
    if (tag === tags.responseOp.txn) {
      result = { kind: "txn", result: readTxn(reader, reader.enter()) };
    } else if (tag === tags.responseOp.range) {
      result = readRange(reader, reader.enter());
    } else if (tag === tags.responseOp.delete) {
      result = { kind: "delete", deleted: readDeleted(reader, reader.enter()) };
    } else {
      reader.skip(tag);
    }
  }
  return result;
}

function readDeleted(reader: Reader, end: number): number {
  let deleted = 0;
  for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
    if (tag === tags.deleteResponse.deleted) deleted = reader.number();
    else reader.skip(tag);
  }
  return deleted;
}

function readRange(reader: Reader, end: number, onHeader?: () => void): RangeResult {
  const kvs: KeyValue[] = [];
  let count = 0;
  for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
    if (tag === tags.rangeResponse.kvs) kvs.push(readKeyValue(reader));
    else if (tag === tags.rangeResponse.count) count = reader.number();
    else if (tag === tags.rangeResponse.header && onHeader !== undefined) onHeader();
    else reader.skip(tag);
  }
  return { kind: "range", kvs, count };
}
