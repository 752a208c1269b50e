import { EtcdShardStore } from "@holdfast/adapter-etcd/etcd-shard-store";
import { Holdfast } from "@holdfast/client/holdfast";
import type { ContenderSettings } from "../contenders/contender.ts";
import { openDirectSession } from "../contenders/lock-transactions.ts";
import { type Latency, latencyOf } from "../percentile.ts";
import type { Actor } from "./actor.ts";

/** How long to go on. */
export interface LonePlan {
  readonly measureMs: number;
}

/** Times of single operations, nothing else being under way. */
export interface LoneAnswer {
  readonly count: number;
  /** An acquire through SDK and router. */
  readonly acquire: Latency;
  readonly release: Latency;
  /** The very transaction of an acquire, straight to the store. */
  readonly rawAcquire: Latency;
}

/**
 * One operation at a time, through Holdfast and straight to the store by turns: the disk's pace
 * changes from second to second, and both must meet the same one.
 */
export async function lone(settings: ContenderSettings): Promise<Actor> {
  const store = new EtcdShardStore({ endpoints: settings.etcd, region: "bench", shard: "s0" });
  const direct = await openDirectSession(store);
  const client = await Holdfast.connect({ endpoints: [settings.router], owner: "bench" });
  let count = 0;

  const timed = async <T>(samplesMs: number[], work: Promise<T>): Promise<T> => {
    const startMs = performance.now();
    const value = await work;
    samplesMs.push(performance.now() - startMs);
    return value;
  };
  const rawTurn = async (samplesMs: number[]): Promise<void> => {
    const grant = direct.next();
    const taken = await timed(samplesMs, store.commit(grant.acquire));
    if (taken.kind !== "committed") throw new Error(taken.message);
    await store.commit(grant.release(taken.revision));
  };

  return {
    async perform(request) {
      const { measureMs } = request as LonePlan;
      const acquireMs: number[] = [];
      const releaseMs: number[] = [];
      const rawMs: number[] = [];
      const ownTurn = async (): Promise<void> => {
        const lock = await timed(acquireMs, client.acquire(`lone/${count++}`, { wait: 0 }));
        await timed(releaseMs, lock.release());
      };
      for (let warm = 0; warm < 200; warm++) await (warm % 2 === 0 ? ownTurn() : rawTurn([]));
      acquireMs.length = 0;
      releaseMs.length = 0;
      const endMs = performance.now() + measureMs;
      while (performance.now() < endMs) {
        await ownTurn();
        await rawTurn(rawMs);
      }
      const answer: LoneAnswer = {
        count: acquireMs.length,
        acquire: latencyOf(acquireMs),
        release: latencyOf(releaseMs),
        rawAcquire: latencyOf(rawMs),
      };
      return answer;
    },
    async close() {
      await client.close();
      store.close();
    },
  };
}
