import type { Txn } from "@holdfast/core/txn/txn";
import { Etcd3 } from "etcd3";
import type { Contender } from "./contender.ts";
import { type Committed, commitBy } from "./etcd3-commit.ts";
import { openDirectSession } from "./lock-transactions.ts";

/** Nested transactions in one request; etcd's limit is 128 operations. */
const batchSize = 100;

/**
 * What the store can do at the very most: the transactions of acquire and release, with nothing
 * before them. Each worker sends `batchSize` acquires as one request, then their releases as
 * another, and so on; workers are requests in flight.
 */
export async function ceiling(hosts: readonly string[]): Promise<Contender> {
  return direct(hosts, batchSize);
}

/** One transaction of its own for every acquire and every release. */
export async function singleTxn(hosts: readonly string[]): Promise<Contender> {
  return direct(hosts, 1);
}

async function direct(hosts: readonly string[], size: number): Promise<Contender> {
  // The leader only: another member would have to pass each write on to it.
  const client = new Etcd3({ hosts: hosts[0] ?? "" });
  const locks = await openDirectSession(client);
  await commitBy(client.kv, locks.prepare());
  const send = async (txns: readonly Txn[]): Promise<Committed> => {
    const only = txns[0];
    const committed = await commitBy(
      client.kv,
      txns.length === 1 && only !== undefined ? only : batch(txns),
    );
    if (!committed.succeeded || committed.nested.includes(false)) {
      throw new Error("the store refused a free lock");
    }
    return committed;
  };
  return {
    async turn(_worker, acquireMs) {
      const grants = Array.from({ length: size }, () => locks.next());
      const startMs = performance.now();
      const { revision } = await send(grants.map((grant) => grant.acquire));
      acquireMs.push(performance.now() - startMs);
      await send(grants.map((grant) => grant.release(revision)));
      return size;
    },
    async close() {
      client.close();
    },
  };
}

function batch(txns: readonly Txn[]): Txn {
  return { compares: [], success: txns.map((txn) => ({ kind: "txn", txn })), failure: [] };
}
