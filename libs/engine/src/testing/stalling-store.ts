import { type Clock, sleep } from "@holdfast/base/clock";
import type { ShardStore } from "../ports/shard-store.ts";

/** What of a store is not answered for a while; change it at any time. */
export type Stalled = Set<Exclude<keyof ShardStore, "watch">>;

/** How long a call that stalls takes to fail, in ms. */
const stallMs = 5_000;

/** A store that does not answer the calls it is told to stall, and did nothing of them. */
export function stallingStore(store: ShardStore, clock: () => Clock, stalled: Stalled): ShardStore {
  const down = { kind: "unavailable", message: "stalled" } as const;
  const stall = async <T>(name: Exclude<keyof ShardStore, "watch">, go: () => Promise<T>) => {
    if (!stalled.has(name)) return go();
    await sleep(clock(), stallMs);
    return down;
  };
  return {
    commit: (txn) => stall("commit", () => store.commit(txn)),
    range: (range) => stall("range", () => store.range(range)),
    rangeAt: (range, revision) => stall("rangeAt", () => store.rangeAt(range, revision)),
    grantLease: (ttlS) => stall("grantLease", () => store.grantLease(ttlS)),
    keepAlive: (lease) => stall("keepAlive", () => store.keepAlive(lease)),
    revokeLease: (lease) => stall("revokeLease", () => store.revokeLease(lease)),
    leaseKeys: (lease) => stall("leaseKeys", () => store.leaseKeys(lease)),
    watch: (request, listener) => store.watch(request, listener),
    compact: (revision) => stall("compact", () => store.compact(revision)),
  };
}
