import { setTimeout as sleep } from "node:timers/promises";
import { EtcdShardStore } from "@holdfast/adapter-etcd/etcd-shard-store";
import { generationKey, registersRange } from "@holdfast/core/quorum/register-keys";
import type { Watch } from "@holdfast/engine/ports/shard-store";
import type { RegisterWrite } from "./proposals.ts";

/** What was written a moment ago may still be on its way to a watcher. */
const lateMs = 500;

/** Reads what all regions wrote of one register, straight from their shards. */
export class RegisterHistory {
  readonly #writes = new Map<string, RegisterWrite>();
  readonly #stores: EtcdShardStore[];
  readonly #watches: Watch[] = [];
  #broken = false;

  private constructor(stores: EtcdShardStore[]) {
    this.#stores = stores;
  }

  /** Watches the register of `lock` from now on. `shards`: members of each region's only one. */
  static async watch(
    shards: readonly (readonly string[])[],
    lock: string,
  ): Promise<RegisterHistory> {
    const stores = shards.map(
      (endpoints) => new EtcdShardStore({ endpoints, region: "bench", shard: "s0" }),
    );
    const history = new RegisterHistory(stores);
    for (const [region, store] of stores.entries()) await history.#follow(store, region, lock);
    return history;
  }

  /** All writes so far. Throws where the shards could not be followed throughout. */
  async read(): Promise<readonly RegisterWrite[]> {
    await sleep(lateMs);
    if (this.#broken) throw new Error("the register's history was cut off: nothing to count");
    return [...this.#writes.values()];
  }

  close(): void {
    for (const watch of this.#watches) watch.cancel();
    for (const store of this.#stores) store.close();
  }

  async #follow(store: EtcdShardStore, region: number, lock: string): Promise<void> {
    const { prefix: key, end: rangeEnd } = registersRange;
    const reply = await store.range({ kind: "range", key: generationKey });
    if (reply.kind !== "read") throw new Error(reply.message);
    const watch = store.watch(
      { key, rangeEnd, startRevision: reply.revision + 1n },
      {
        onEvents: (revision, events) => {
          for (const { kind, kv } of events) {
            const which = kind === "put" ? partOf(kv.key, lock) : undefined;
            if (which === undefined) continue;
            const id = `${region} ${revision}`;
            const atMs = performance.now();
            this.#writes.set(id, { atMs, ...this.#writes.get(id), region, [which]: kv.value });
          }
        },
        onEnd: () => {
          this.#broken = true;
        },
      },
    );
    this.#watches.push(watch);
  }
}

/** What of the register a key is; the namespace is the default one. */
function partOf(key: string, lock: string): "promised" | "accepted" | undefined {
  const [, , rest = ""] = /^g\/([^/]+)\/default\/(.*)$/s.exec(key) ?? [];
  if (rest === `${lock}/\0p`) return "promised";
  return rest === `${lock}/\0a` ? "accepted" : undefined;
}
