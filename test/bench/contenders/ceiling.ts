import { EtcdShardStore } from "@holdfast/adapter-etcd/etcd-shard-store";
import type { Txn } from "@holdfast/core/txn/txn";
import type { CommitReply } from "@holdfast/engine/ports/shard-store";
import type { Contender } from "./contender.ts";
import { openDirectSession } from "./lock-transactions.ts";

/** Nested transactions in one request; etcd's limit is 128 operations. */
const batchSize = 100;

/**
 * What the store can do at the very most: the transactions of acquire and release, with nothing
 * before them. Each worker sends `batchSize` acquires as one request, then their releases as
 * another, and so on; workers are requests in flight. Encoded by the product's own adapter, which
 * asks the leader and takes half the CPU time of etcd3's codec.
 */
export async function ceiling(endpoints: readonly string[]): Promise<Contender> {
  const store = new EtcdShardStore({ endpoints, region: "bench", shard: "s0" });
  const locks = await openDirectSession(store);
  return {
    async turn(_worker, acquireMs) {
      const grants = Array.from({ length: batchSize }, () => locks.next());
      const startMs = performance.now();
      const taken = await store.commit(batch(grants.map(({ acquire }) => acquire)));
      acquireMs.push(performance.now() - startMs);
      const revision = allSucceeded(taken);
      const given = await store.commit(batch(grants.map((grant) => grant.release(revision))));
      allSucceeded(given);
      return batchSize;
    },
    async close() {
      store.close();
    },
  };
}

/** Nested, each with its own compares but for the epoch, which all of them compare first. */
function batch(txns: readonly Txn[]): Txn {
  return {
    compares: txns[0]?.compares.slice(0, 1) ?? [],
    success: txns.map(({ compares, success, failure }) => ({
      kind: "txn",
      txn: { compares: compares.slice(1), success, failure },
    })),
    failure: [],
  };
}

/** One transaction of its own for every acquire and every release, through the same adapter. */
export async function singleTxn(endpoints: readonly string[]): Promise<Contender> {
  const store = new EtcdShardStore({ endpoints, region: "bench", shard: "s0" });
  const locks = await openDirectSession(store);
  return {
    async turn(_worker, acquireMs) {
      const grant = locks.next();
      const startMs = performance.now();
      const revision = allSucceeded(await store.commit(grant.acquire));
      acquireMs.push(performance.now() - startMs);
      allSucceeded(await store.commit(grant.release(revision)));
      return 1;
    },
    async close() {
      store.close();
    },
  };
}

/** The revision of a transaction that did all it was to do. */
function allSucceeded(reply: CommitReply): bigint {
  if (reply.kind !== "committed") throw new Error(`${reply.kind}: ${reply.message}`);
  const { succeeded, results } = reply.result;
  if (!succeeded || results.some((each) => each.kind === "txn" && !each.result.succeeded)) {
    throw new Error("the store refused a free lock");
  }
  return reply.revision;
}
