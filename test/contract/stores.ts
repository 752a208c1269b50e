import { SystemClock } from "@holdfast/base/clock";
import { SeededRandom } from "@holdfast/base/random";
import { MemoryShardStore } from "@holdfast/engine/memory/memory-shard-store";
import type { ShardStore } from "@holdfast/engine/ports/shard-store";
import { Etcd3 } from "etcd3";
import { etcdMissing, startEtcd } from "./etcd-under-test.ts";

/** A store the contract is held against. */
export interface StoreUnderTest extends AsyncDisposable {
  readonly store: ShardStore;
  /** Uses up the store's space, or frees it. */
  useUpSpace(used: boolean): Promise<void>;
}

/** Every implementation of the port, by name. */
export const stores: readonly {
  readonly name: string;
  /** Why it cannot be tested here. */
  readonly missing: string | undefined;
  readonly start: () => Promise<StoreUnderTest>;
}[] = [
  { name: "the memory store", missing: undefined, start: startMemory },
  { name: "etcd", missing: etcdMissing, start: startRealEtcd },
];

async function startMemory(): Promise<StoreUnderTest> {
  const store = new MemoryShardStore({ clock: new SystemClock(), random: new SeededRandom(1) });
  return {
    store,
    useUpSpace: async (used) => {
      store.noSpace = used;
    },
    [Symbol.asyncDispose]: async () => store.close(),
  };
}

async function startRealEtcd(): Promise<StoreUnderTest> {
  const etcd = await startEtcd();
  const admin = new Etcd3({ hosts: [...etcd.cluster.endpoints] });
  return {
    store: etcd.store,
    useUpSpace: async (used) => {
      const action = used ? "Activate" : "Deactivate";
      await admin.maintenance.alarm({ action, alarm: "Nospace" });
    },
    [Symbol.asyncDispose]: async () => {
      admin.close();
      await etcd[Symbol.asyncDispose]();
    },
  };
}
