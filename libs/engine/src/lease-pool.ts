import type { Clock } from "@holdfast/base/clock";
import type { LeaseId } from "@holdfast/base/ids";
import { type Marker, poolMarker } from "@holdfast/core/lease/marker";
import type { Committer } from "./committer.ts";
import { byDeadline } from "./deadline.ts";
import type { Rejected, ShardStore, StoreFailure } from "./ports/shard-store.ts";

/** A pooled lease that is ready for use. */
export type PooledLease =
  | { readonly kind: "lease"; readonly marker: Marker }
  | StoreFailure
  | Rejected;

/** How long one lease goes on taking in locks, in ms. */
export const poolWindowMs = 250;

/** Different ttls in use at once; past it the oldest is forgotten (its lease simply runs out). */
const entriesMax = 4_096;

/**
 * Leases for locks that have a ttl of their own, shared by all locks of one ttl and one window, so
 * that a lock does not cost a lease grant.
 *
 * Each is granted for ttl + window, rounded up to whole seconds: a lock put under it at the end of
 * the window still has its whole ttl. Granted for the ttl alone, the lock would end early, and its
 * holder would believe in it for up to a window longer than the store does.
 */
export class LeasePool {
  readonly #store: ShardStore;
  readonly #committer: Committer;
  readonly #clock: Clock;
  readonly #entries = new Map<number, Entry>();

  constructor(store: ShardStore, committer: Committer, clock: Clock) {
    this.#store = store;
    this.#committer = committer;
    this.#clock = clock;
  }

  /**
   * A lease that lives for at least `ttlMs` from now; none where the shard has not given one by
   * `deadlineMs`, on the monotonic clock.
   */
  leaseFor(ttlMs: number, deadlineMs?: number): Promise<PooledLease> {
    return byDeadline(this.#clock, deadlineMs, this.#leaseFor(ttlMs));
  }

  async #leaseFor(ttlMs: number): Promise<PooledLease> {
    const leaseTtlS = Math.ceil((ttlMs + poolWindowMs) / 1000);
    const entry = this.#entries.get(leaseTtlS);
    const nowMs = this.#clock.monotonicMs();
    if (entry !== undefined && nowMs <= entry.openUntilMs) return entry.lease;
    const fresh: Entry = {
      // From before the grant is sent: the store counts from no earlier than that.
      openUntilMs: nowMs + poolWindowMs,
      lease: this.#grant(leaseTtlS),
    };
    this.#entries.delete(leaseTtlS);
    this.#entries.set(leaseTtlS, fresh);
    this.#evict();
    const lease = await fresh.lease;
    if (lease.kind === "lease") fresh.granted = lease.marker.lease;
    else if (this.#entries.get(leaseTtlS) === fresh) this.#entries.delete(leaseTtlS);
    return lease;
  }

  /** A lease of this pool proved to have ended early: do not hang anything more on it. */
  forget(lease: LeaseId): void {
    for (const [ttlS, entry] of this.#entries) {
      if (entry.granted === lease) this.#entries.delete(ttlS);
    }
  }

  async #grant(ttlS: number): Promise<PooledLease> {
    const reply = await this.#store.grantLease(ttlS);
    if (reply.kind !== "granted") return reply;
    const marker = poolMarker(reply.lease);
    const put = await this.#committer.submit(
      {
        compares: [],
        success: [{ kind: "put", key: marker.key, value: marker.value, lease: marker.lease }],
        failure: [],
      },
      marker.key,
    );
    // Unknown is no lease: a lock compares the marker, and would only lose.
    return put.kind === "committed" ? { kind: "lease", marker } : put;
  }

  #evict(): void {
    if (this.#entries.size <= entriesMax) return;
    for (const ttlS of this.#entries.keys()) {
      this.#entries.delete(ttlS);
      return;
    }
  }
}

interface Entry {
  readonly openUntilMs: number;
  readonly lease: Promise<PooledLease>;
  granted?: LeaseId;
}
