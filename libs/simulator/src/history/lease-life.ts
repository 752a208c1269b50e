import type { HistoryEntry } from "./history.ts";

/** A shard's clock may run this much faster than true time. */
const slowest = 0.995;

interface Extension {
  readonly atMs: number;
  readonly endMs: number;
}

/** When each lease lived, from what the shards did with it. Ids are unique over a run's shards. */
export class LeaseLife {
  readonly #extensions = new Map<string, Extension[]>();
  readonly #markedOrders = new Map<string, number>();

  constructor(history: readonly HistoryEntry[]) {
    for (const [order, entry] of history.entries()) {
      if (entry.kind === "lease") {
        const { atMs, what, ttlMs } = entry;
        const extension = { atMs, endMs: what === "revoked" ? atMs : atMs + ttlMs * slowest };
        const key = `${entry.shard} ${entry.lease}`;
        const known = this.#extensions.get(key);
        if (known === undefined) this.#extensions.set(key, [extension]);
        else known.push(extension);
      } else if (entry.kind === "stored") {
        for (const change of entry.changes) {
          if (change.kind !== "put" || !change.key.startsWith("v/")) continue;
          const key = `${entry.shard} ${change.lease}`;
          if (!this.#markedOrders.has(key)) this.#markedOrders.set(key, order);
        }
      }
    }
  }

  /** It certainly had not ended yet at `atMs`. */
  livesAt(shard: string, lease: bigint, atMs: number): boolean {
    const known = this.#extensions.get(`${shard} ${lease}`) ?? [];
    const last = known.findLast((extension) => extension.atMs <= atMs);
    return last !== undefined && atMs < last.endMs;
  }

  /** Position in the history of the marker that made it usable; Infinity where there was none. */
  markedOrder(shard: string, lease: bigint): number {
    return this.#markedOrders.get(`${shard} ${lease}`) ?? Number.POSITIVE_INFINITY;
  }
}
