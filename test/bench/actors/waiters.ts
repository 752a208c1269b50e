import { setTimeout as sleep } from "node:timers/promises";
import { EtcdShardStore } from "@holdfast/adapter-etcd/etcd-shard-store";
import { Holdfast } from "@holdfast/client/holdfast";
import type { Lock } from "@holdfast/client/lock";
import type { ContenderSettings } from "../contenders/contender.ts";
import { openDirectSession } from "../contenders/lock-transactions.ts";
import { type Latency, latencyOf } from "../percentile.ts";
import type { Actor } from "./actor.ts";

/** What the actor can be asked for, in this order. */
export type WaitersRequest =
  /** Stands some in line elsewhere and lets them go, so that code gets compiled. */
  | { readonly do: "warm-up"; readonly waiters: number }
  /** Takes a lock and stands `waiters` requests in line behind it. */
  | { readonly do: "queue"; readonly waiters: number }
  /** Lets the lock go from hand to hand. */
  | { readonly do: "hand-over"; readonly times: number };

/** Of "hand-over". */
export interface HandOverAnswer {
  /** From calling the release to the next in line having the lock. */
  readonly handOver: Latency;
  /** A single transaction straight to the store, one after each hand-over. */
  readonly rawCommit: Latency;
}

const lockName = "waiters/hot";
const warmUpName = "waiters/warm";

/** Many requests for one lock, from one process. */
export async function waiters(settings: ContenderSettings): Promise<Actor> {
  const store = new EtcdShardStore({ endpoints: settings.etcd, region: "bench", shard: "s0" });
  const direct = await openDirectSession(store);
  const client = await Holdfast.connect({ endpoints: [settings.router], owner: "bench" });
  let holder: Lock | undefined;
  let granted: (lock: Lock) => void = () => {};

  /** Stands requests in line; resolves when the store has them all. */
  const standInLine = async (name: string, count: number, signal?: AbortSignal): Promise<void> => {
    const refused = new Promise<never>((_, reject) => {
      const options = { wait: "1h", ...(signal === undefined ? {} : { signal }) } as const;
      for (let waiter = 0; waiter < count; waiter++) {
        client.acquire(name, options).then((lock) => granted(lock), reject);
      }
    });
    while ((await Promise.race([client.get(name), refused])).waiterCount < count) {
      await Promise.race([sleep(100), refused]);
    }
    // From here on a refusal is what was asked for, or the end of the client.
    refused.catch(() => {});
  };

  const warmUp = async (count: number): Promise<void> => {
    const lock = await client.acquire(warmUpName, { wait: 0 });
    const leaving = new AbortController();
    await standInLine(warmUpName, count, leaving.signal);
    leaving.abort();
    while ((await client.get(warmUpName)).waiterCount > 0) await sleep(100);
    await lock.release();
  };

  const queue = async (count: number): Promise<void> => {
    holder = await client.acquire(lockName, { wait: 0 });
    await standInLine(lockName, count);
  };

  const handOver = async (times: number): Promise<HandOverAnswer> => {
    const handOverMs: number[] = [];
    const rawMs: number[] = [];
    for (let turn = 0; turn < times; turn++) {
      const next = new Promise<Lock>((resolve) => {
        granted = resolve;
      });
      const startMs = performance.now();
      const released = holder?.release();
      holder = await next;
      handOverMs.push(performance.now() - startMs);
      await released;
      const grant = direct.next();
      const rawStartMs = performance.now();
      const taken = await store.commit(grant.acquire);
      rawMs.push(performance.now() - rawStartMs);
      if (taken.kind !== "committed") throw new Error(taken.message);
      await store.commit(grant.release(taken.revision));
    }
    return { handOver: latencyOf(handOverMs), rawCommit: latencyOf(rawMs) };
  };

  return {
    async perform(request) {
      const asked = request as WaitersRequest;
      if (asked.do === "hand-over") return handOver(asked.times);
      return asked.do === "queue" ? queue(asked.waiters) : warmUp(asked.waiters);
    },
    async close() {
      await client.close();
      store.close();
    },
  };
}
