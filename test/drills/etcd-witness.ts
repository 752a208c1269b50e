import { EtcdShardStore } from "@holdfast/adapter-etcd/etcd-shard-store";
import { parseKey } from "@holdfast/core/lock/keys";
import type { Watch } from "@holdfast/engine/ports/shard-store";

/** A change of one lock's keys, as etcd's history has it. */
export interface WitnessedChange {
  readonly revision: bigint;
  /** `x`, `s` or `q`: see the keys of a shard. */
  readonly kind: string;
  readonly what: "put" | "delete";
  readonly grantId: string;
  /** Of a put. */
  readonly createRevision: bigint;
}

/** Reads the history of one lock straight from etcd, past every router. */
export class EtcdWitness {
  readonly changes: WitnessedChange[] = [];
  readonly #store: EtcdShardStore;
  readonly #watches: Watch[];
  #broken = false;

  private constructor(store: EtcdShardStore, lock: string, startRevision: bigint) {
    this.#store = store;
    this.#watches = ["x", "s", "q"].map((kind) =>
      store.watch(
        { key: `${kind}/`, rangeEnd: `${kind}0`, startRevision },
        {
          onEvents: (revision, events) => {
            for (const { kind: what, kv } of events) {
              const parsed = parseKey(kv.key);
              if (parsed?.name !== lock) continue;
              const { grantId } = parsed;
              const { createRevision } = kv;
              this.changes.push({ revision, kind, what, grantId, createRevision });
            }
          },
          onEnd: () => {
            this.#broken = true;
          },
        },
      ),
    );
  }

  /** Watches the lock called `lock`, whatever its slot, from now on. */
  static async watch(endpoints: readonly string[], lock: string): Promise<EtcdWitness> {
    const store = new EtcdShardStore({ endpoints, region: "drill", shard: "s0" });
    return new EtcdWitness(store, lock, (await revisionOf(store)) + 1n);
  }

  /** The store's revision: one more for each transaction that wrote anything. */
  revision(): Promise<bigint> {
    return revisionOf(this.#store);
  }

  /** How many keys of a kind there are, of all locks. */
  async count(kind: "x" | "s" | "q"): Promise<number> {
    const reply = await this.#store.range({
      kind: "range",
      key: `${kind}/`,
      rangeEnd: `${kind}0`,
      countOnly: true,
    });
    if (reply.kind !== "read") throw new Error(reply.message);
    return reply.range.count;
  }

  /** A watch was cut: what is in `changes` is not all there was. */
  get broken(): boolean {
    return this.#broken;
  }

  close(): void {
    for (const watch of this.#watches) watch.cancel();
    this.#store.close();
  }
}

async function revisionOf(store: EtcdShardStore): Promise<bigint> {
  const reply = await store.range({ kind: "range", key: "/epoch" });
  if (reply.kind !== "read") throw new Error(reply.message);
  return reply.revision;
}
