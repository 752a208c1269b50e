import type { LeaseEntry } from "../history/history.ts";
import type { Checker, Run, Violation } from "../history/run.ts";

/**
 * A renewal puts nothing on a lease that ends sooner: a key with a ttl of its own that moves to
 * another lease still has that ttl, or at least as long as it had, to live.
 */
export const leaseOrder: Checker = {
  name: "lease-order",
  check(run: Run): Violation[] {
    const endsAtMs = new Map<string, number>();
    const leaseOf = new Map<string, bigint>();
    const violations: Violation[] = [];
    for (const entry of run.history) {
      if (entry.kind === "lease") {
        endsAtMs.set(`${entry.shard} ${entry.lease}`, endOf(entry));
      } else if (entry.kind === "stored") {
        for (const change of entry.changes) {
          const key = `${entry.shard} ${change.key}`;
          if (change.kind === "delete") {
            leaseOf.delete(key);
            continue;
          }
          const before = leaseOf.get(key);
          leaseOf.set(key, change.lease);
          const record = change.record;
          if (before === undefined || before === change.lease || record === undefined) continue;
          const oldEndMs = endsAtMs.get(`${entry.shard} ${before}`) ?? 0;
          const newEndMs = endsAtMs.get(`${entry.shard} ${change.lease}`) ?? 0;
          const enoughMs = entry.atMs + record.ttlMs * slowest;
          if (newEndMs >= Math.min(oldEndMs - windowMs, enoughMs)) continue;
          const message =
            `${record.request} was put on a lease that ends ` +
            `${Math.round(oldEndMs - newEndMs)} ms before the one it had`;
          violations.push({ checker: this.name, atMs: entry.atMs, message });
        }
      }
    }
    return violations;
  },
};

/** Two routers' pooled leases of one moment may differ by the window of a pool, and a bit. */
const windowMs = 300;

/** The shard's clock may run fast against true time. */
const slowest = 0.995;

function endOf(entry: LeaseEntry): number {
  return entry.what === "revoked" ? entry.atMs : entry.atMs + entry.ttlMs;
}
