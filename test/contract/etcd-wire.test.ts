import { decodeKeepAlive, encodeKeepAlive } from "@holdfast/adapter-etcd/wire/keep-alive";
import { decodeLeaseKeys, encodeLeaseKeys } from "@holdfast/adapter-etcd/wire/lease-keys";
import { encodeRange, encodeTxn } from "@holdfast/adapter-etcd/wire/request";
import { decodeRange, decodeTxn, type Header } from "@holdfast/adapter-etcd/wire/response";
import {
  decodeWatch,
  encodeProbe,
  encodeWatchCancel,
  encodeWatchCreate,
  noWatchId,
} from "@holdfast/adapter-etcd/wire/watch";
import type { KeyValue, OpResult, TxnResult } from "@holdfast/core/txn/txn";
import { requestBytes } from "@holdfast/engine/memory/txn-size";
import type { ShardStore } from "@holdfast/engine/ports/shard-store";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { definition, plainKeyValue, plainRange, plainTxn, plainTxnResult } from "./etcd-codec.ts";
import { anyTxn } from "./program.ts";
import { World } from "./world.ts";

/** Turns plans into transactions; the store is never called. Revisions are large on purpose. */
const world = new World(undefined as unknown as ShardStore, "a prefix/", 2n ** 43n);

const int64 = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
const uint64 = fc.oneof(int64, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
const bytes = fc.uint8Array({ maxLength: 300 });
const key = fc.uint8Array({ maxLength: 40 }).map((raw) => Buffer.from(raw).toString("latin1"));
const count = fc.integer({ min: 0, max: 200_000 });

const keyValue: fc.Arbitrary<KeyValue> = fc.record({
  key,
  value: bytes,
  createRevision: int64,
  modRevision: int64,
  lease: int64,
});

function txnResult(depth: number): fc.Arbitrary<TxnResult> {
  const plain: fc.Arbitrary<OpResult>[] = [
    fc.constant({ kind: "put" }),
    fc.record({ kind: fc.constant("delete"), deleted: count }),
    fc.record({ kind: fc.constant("range"), kvs: fc.array(keyValue, { maxLength: 3 }), count }),
  ];
  if (depth > 0) {
    plain.push(fc.record({ kind: fc.constant("txn"), result: txnResult(depth - 1) }));
  }
  return fc.record({
    succeeded: fc.boolean(),
    results: fc.array(fc.oneof(...plain), { maxLength: 4 }),
  });
}

const header = fc.record({ clusterId: uint64, revision: int64, raftTerm: uint64 });

function plainHeader(given: Header): object {
  const { clusterId, revision, raftTerm } = given;
  const plain = { cluster_id: String(clusterId), member_id: "5", revision: String(revision) };
  return { ...plain, raft_term: String(raftTerm) };
}

const txnCall = definition("KV", "Txn");
const rangeCall = definition("KV", "Range");
const watchCall = definition("Watch", "Watch");
const keepAliveCall = definition("Lease", "LeaseKeepAlive");
const timeToLiveCall = definition("Lease", "LeaseTimeToLive");

const decoders = [decodeTxn, decodeRange, decodeWatch, decodeKeepAlive, decodeLeaseKeys];

describe("our codec of etcd's messages", () => {
  it("writes every transaction as etcd3 does", () => {
    fc.assert(
      fc.property(anyTxn, (plan) => {
        const txn = world.txn(plan);
        const ours = encodeTxn(txn);
        const theirs = txnCall.requestSerialize(plainTxn(txn));
        expect(txnCall.requestDeserialize(ours)).toEqual(txnCall.requestDeserialize(theirs));
      }),
      { numRuns: 500 },
    );
  });

  it("writes as many bytes as the memory store counts, with what Raft adds", () => {
    fc.assert(
      fc.property(anyTxn, (plan) => {
        const txn = world.txn(plan);
        expect(requestBytes(txn) - encodeTxn(txn).length).toBe(18);
      }),
      { numRuns: 500 },
    );
  });

  it("writes a transaction larger than its first buffer, and a small one after it", () => {
    const value = new Uint8Array(3_000_000).fill(1);
    const put = { kind: "put", key: "k", value, lease: 2n ** 62n } as const;
    const large = encodeTxn({ compares: [], success: [put, put], failure: [] });
    expect(large.length).toBeGreaterThan(6_000_000);
    const small = encodeRange({ kind: "range", key: "k" });
    expect(rangeCall.requestDeserialize(small)).toMatchObject({ key: Buffer.from("k") });
  });

  it("reads every answer to a transaction that etcd3 writes", () => {
    fc.assert(
      fc.property(txnResult(2), header, (result, from) => {
        const theirs = txnCall.responseSerialize(plainTxnResult(result, plainHeader(from)));
        expect(decodeTxn(theirs)).toEqual({ ...from, result });
      }),
      { numRuns: 500 },
    );
  });

  it("writes and reads ranges as etcd3 does", () => {
    const request = { kind: "range", key: "a", rangeEnd: "b", limit: 300, keysOnly: true } as const;
    for (const range of [request, { ...request, order: "create", countOnly: true } as const]) {
      const theirs = rangeCall.requestSerialize(plainRange(range));
      const ours = rangeCall.requestDeserialize(encodeRange(range));
      expect(ours).toEqual(rangeCall.requestDeserialize(theirs));
      const past = rangeCall.requestSerialize({
        ...plainRange(range),
        revision: String(2n ** 62n),
      });
      const oursPast = rangeCall.requestDeserialize(encodeRange(range, 2n ** 62n));
      expect(oursPast).toEqual(rangeCall.requestDeserialize(past));
    }
    fc.assert(
      fc.property(fc.array(keyValue, { maxLength: 5 }), count, header, (kvs, total, from) => {
        const plain = { header: plainHeader(from), kvs: kvs.map(plainKeyValue), count: total };
        const read = decodeRange(rangeCall.responseSerialize(plain));
        expect(read).toEqual({ ...from, range: { kind: "range", kvs, count: total } });
      }),
    );
  });

  it("writes and reads watches as etcd3 does", () => {
    const create = { key: "a", rangeEnd: "b", startRevision: 2n ** 44n };
    expect(watchCall.requestDeserialize(encodeWatchCreate(300, create))).toMatchObject({
      create_request: { start_revision: String(2n ** 44n), watch_id: "300", fragment: true },
    });
    const withPrevious = encodeWatchCreate(301, { ...create, withPrevious: true });
    expect(watchCall.requestDeserialize(withPrevious)).toMatchObject({
      create_request: { start_revision: String(2n ** 44n), watch_id: "301", prev_kv: true },
    });
    expect(watchCall.requestDeserialize(encodeProbe(7))).toMatchObject({
      create_request: { watch_id: "7", filters: ["Noput", "Nodelete"] },
    });
    expect(watchCall.requestDeserialize(encodeWatchCancel(9))).toMatchObject({
      cancel_request: { watch_id: "9" },
    });
    const kind = fc.constantFrom("put", "delete");
    const event = fc.oneof(
      fc.record({ kind, kv: keyValue }),
      fc.record({ kind, kv: keyValue, previous: keyValue }),
    );
    const state = fc.record({
      created: fc.boolean(),
      canceled: fc.boolean(),
      fragment: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(event), state, header, int64, (events, flags, from, compacted) => {
        const plain = {
          ...flags,
          header: plainHeader(from),
          watch_id: "-1",
          compact_revision: String(compacted),
          cancel_reason: "why",
          events: events.map((each) => ({
            type: each.kind === "put" ? "Put" : "Delete",
            kv: plainKeyValue(each.kv),
            ...("previous" in each ? { prev_kv: plainKeyValue(each.previous) } : {}),
          })),
        };
        expect(decodeWatch(watchCall.responseSerialize(plain))).toEqual({
          ...flags,
          clusterId: from.clusterId,
          watchId: noWatchId,
          compactRevision: compacted,
          cancelReason: "why",
          events,
        });
      }),
    );
  });

  it("writes and reads keepalives as etcd3 does", () => {
    fc.assert(
      fc.property(int64, count, header, (lease, ttlS, from) => {
        const asked = keepAliveCall.requestDeserialize(encodeKeepAlive(lease));
        expect(asked).toEqual({ ID: String(lease) });
        const plain = { header: plainHeader(from), ID: String(lease), TTL: String(ttlS) };
        const read = decodeKeepAlive(keepAliveCall.responseSerialize(plain));
        expect(read).toEqual({ clusterId: from.clusterId, lease, ttlS });
      }),
    );
  });

  it("asks for the keys of a lease, and reads what is left of it, as etcd3 does", () => {
    const left = fc.oneof(count, fc.constantFrom(-1, -7));
    fc.assert(
      fc.property(
        int64,
        left,
        count,
        fc.array(key),
        header,
        (lease, ttlS, grantedS, keys, from) => {
          const asked = timeToLiveCall.requestDeserialize(encodeLeaseKeys(lease));
          expect(asked).toEqual({ ID: String(lease), keys: true });
          const plain = {
            header: plainHeader(from),
            ID: String(lease),
            TTL: String(ttlS),
            grantedTTL: String(grantedS),
            keys: keys.map((each) => Buffer.from(each, "latin1")),
          };
          const read = decodeLeaseKeys(timeToLiveCall.responseSerialize(plain));
          const remainingS = grantedS === 0 ? -1 : Math.max(0, ttlS);
          expect(read).toEqual({ ...from, remainingS, keys: [...keys].sort() });
        },
      ),
    );
  });

  it("ends on every answer that was cut short or is no answer at all", () => {
    const cut = fc.tuple(txnResult(2), fc.nat({ max: 400 })).map(([result, length]) => {
      return txnCall.responseSerialize(plainTxnResult(result, {})).subarray(0, length);
    });
    const noise = fc.uint8Array({ maxLength: 100 }).map((raw) => Buffer.from(raw));
    let read = 0;
    fc.assert(
      fc.property(fc.oneof(cut, noise), (answer) => {
        for (const decode of decoders) {
          try {
            decode(answer);
            read += 1;
          } catch (error) {
            expect((error as Error).name).toBe("MalformedMessage");
          }
        }
      }),
      { numRuns: 1_000 },
    );
    expect(read).toBeGreaterThan(0);
  });
});
