import { setTimeout as sleep } from "node:timers/promises";
import { EtcdShardStore } from "@holdfast/adapter-etcd/etcd-shard-store";
import type { LeaseId } from "@holdfast/base/ids";
import { parseKey } from "@holdfast/core/lock/keys";
import type { WatchEvent } from "@holdfast/engine/ports/shard-store";
import type { HistoryEvent } from "../history/history-event.ts";

/** A watch that was cut is begun again after so long. */
const retryMs = 200;

/**
 * Sees holders go, past every router, and records which of them went because etcd had ended their
 * lease. It looks through each member by itself: while one is frozen, the others tell.
 */
export class LeaseWitness {
  readonly #now: () => number;
  readonly #record: (event: HistoryEvent) => void;
  readonly #stopping = new AbortController();
  readonly #stores: readonly EtcdShardStore[];
  readonly #recorded = new Set<string>();

  /** `endpoints`: the client URLs of a shard's members; `record` hears of one end once. */
  constructor(
    endpoints: readonly string[],
    now: () => number,
    record: (event: HistoryEvent) => void,
  ) {
    this.#now = now;
    this.#record = record;
    this.#stores = endpoints.map(
      (endpoint) => new EtcdShardStore({ endpoints: [endpoint], region: "drill", shard: "s0" }),
    );
    for (const store of this.#stores) for (const kind of ["x", "s"]) this.#watch(store, kind, 1n);
  }

  close(): void {
    this.#stopping.abort();
    for (const store of this.#stores) store.close();
  }

  #watch(store: EtcdShardStore, kind: string, startRevision: bigint): void {
    let nextRevision = startRevision;
    store.watch(
      { key: `${kind}/`, rangeEnd: `${kind}0`, startRevision, withPrevious: true },
      {
        onEvents: (revision, events) => {
          nextRevision = revision + 1n;
          for (const event of events) void this.#see(store, revision, event);
        },
        onEnd: async () => {
          await sleep(retryMs, undefined, { ref: false });
          if (!this.#stopping.signal.aborted) this.#watch(store, kind, nextRevision);
        },
      },
    );
  }

  async #see(store: EtcdShardStore, revision: bigint, { kind, kv, previous }: WatchEvent) {
    const lock = parseKey(kv.key)?.name;
    if (kind !== "delete" || lock === undefined || previous?.lease === undefined) return;
    const atMs = this.#now();
    const reply = await store.leaseKeys(previous.lease as LeaseId);
    const id = `${kv.key}@${revision}`;
    if (reply.kind !== "lease" || reply.remainingS >= 0 || this.#recorded.has(id)) return;
    this.#recorded.add(id);
    const { createRevision } = previous;
    this.#record({ kind: "lease-ended", atMs, lock, createRevision: String(createRevision) });
  }
}
