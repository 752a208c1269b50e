import type { ShardStore } from "../ports/shard-store.ts";

/** What of a store goes wrong; change it at any time. */
export interface Faults {
  /** Reads of a key or a range are not answered. */
  reads: boolean;
  /** Revokes are not answered. */
  revokes: boolean;
  /** What is left of a lease is not answered. */
  leases?: boolean;
}

/** A store that certainly did nothing where it is told to fail. */
export function faultyStore(store: ShardStore, faults: Faults): ShardStore {
  const down = { kind: "unavailable", message: "down" } as const;
  return {
    commit: (txn) => store.commit(txn),
    range: async (range) => (faults.reads ? down : store.range(range)),
    rangeAt: async (range, revision) => (faults.reads ? down : store.rangeAt(range, revision)),
    grantLease: (ttlS) => store.grantLease(ttlS),
    keepAlive: (lease) => store.keepAlive(lease),
    revokeLease: async (lease) => (faults.revokes ? down : store.revokeLease(lease)),
    leaseKeys: async (lease) => (faults.leases ? down : store.leaseKeys(lease)),
    watch: (request, listener) => store.watch(request, listener),
    compact: (revision) => store.compact(revision),
  };
}
