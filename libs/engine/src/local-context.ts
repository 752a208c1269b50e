import { type Failure, failure } from "@holdfast/base/failure";
import type { SessionId } from "@holdfast/base/ids";
import type { Marker } from "@holdfast/core/lease/marker";
import { validityMs } from "@holdfast/core/lease/validity";
import type { LockId } from "@holdfast/core/lock/lock-id";
import { checkDepth } from "@holdfast/core/lock/name";
import type { Hash64 } from "@holdfast/core/placement/slot";
import { isPast } from "./deadline.ts";
import type { LockQueues } from "./lock-queues.ts";
import type { LockSite, LockSites } from "./lock-site.ts";
import type { Placements } from "./placements.ts";
import type { SessionLeaseState, SessionLeases } from "./session-leases.ts";
import type { Sessions } from "./sessions.ts";
import { type Shard, type Surroundings, unreached } from "./shard.ts";
import type { UnsettledAcquires } from "./unsettled-acquires.ts";

/** What the parts of the local tier share. */
export interface LocalContext {
  readonly region: string;
  readonly hash: Hash64;
  readonly shards: ReadonlyMap<string, Shard>;
  readonly sites: LockSites;
  readonly placements: Placements;
  readonly sessions: Sessions;
  readonly sessionLeases: SessionLeases;
  readonly queues: LockQueues;
  /** Requests that a late write of this router's may still put a grant or a place for. */
  readonly unsettled: UnsettledAcquires;
  readonly surroundings: Surroundings;
}

/** How often one operation may find its shard at another epoch before it gives up. */
export const epochAttemptsMax = 5;

/** The first try is always made; another one only while somebody waits for what comes of it. */
export function mayTry(
  { surroundings }: LocalContext,
  attempt: number,
  deadlineMs: number | undefined,
): boolean {
  return attempt === 0 || (attempt < epochAttemptsMax && !isPast(surroundings.clock, deadlineMs));
}

/** Pins the placement of this moment and finds the lock under it. */
export function locate(context: LocalContext, lock: LockId): LockSite | Failure {
  const placement = context.placements.pin();
  if ("kind" in placement) return placement;
  const site = context.sites.find(placement, lock);
  // Each segment costs a compare and a watch, so without a bound a deep name fits no transaction.
  const tooDeep = site?.hierarchical ? checkDepth(lock.name) : undefined;
  if (tooDeep !== undefined) return tooDeep;
  if (site !== undefined) return context.placements.refusalOf(site.shard) ?? site;
  return failure(
    "SHARD_UNAVAILABLE",
    `Placement ${placement.version} of region ${context.region} names a shard that this router is ` +
      "not configured for.",
    { retryAfterMs: 1_000 },
  );
}

/** Tells a site from the reason there is none. */
export function isSite(located: LockSite | Failure): located is LockSite {
  return "shard" in located && typeof located.shard === "object";
}

/** Each try of an operation found its shard at another epoch: nothing was done. */
export function placementChanged(): Failure {
  return failure("CONTENDED", "The placement changed while the request was under way.", {
    retryAfterMs: 100,
  });
}

/** A lease that a grant, a place or a tombstone can hang on. */
export interface UsableLease {
  readonly kind: "usable";
  readonly marker: Marker;
  /** The session's ttl, or the one asked for. */
  readonly ttlMs: number;
  /** How long a grant under it may be believed in, counted from the request's first send. */
  readonly validForMs: number;
}

/** Who wants a lease: a session, or a lock with a ttl of its own. */
export interface LeaseHolder {
  readonly session?: SessionId;
  readonly ttlMs?: number;
}

/**
 * The session's lease in the lock's shard, or a pooled one for a lock with a ttl of its own. At
 * once where the router has it, which is the usual case, and every promise costs the hot path
 * dearly. A failure where it is not there by `deadlineMs`, on the monotonic clock.
 */
export function leaseFor(
  context: LocalContext,
  shard: Shard,
  holder: LeaseHolder,
  deadlineMs?: number,
): UsableLease | Failure | Promise<UsableLease | Failure> {
  if (holder.session === undefined) return pooledLease(shard, holder.ttlMs ?? 0, deadlineMs);
  const known = context.sessions.knownLeaseIn(holder.session, shard.name);
  if (known !== undefined) return usable(context, known);
  return context.sessions
    .leaseIn(holder.session, shard, deadlineMs)
    .then((lease) => (lease.kind === "failure" ? lease : usable(context, lease)));
}

async function pooledLease(
  shard: Shard,
  ttlMs: number,
  deadlineMs: number | undefined,
): Promise<UsableLease | Failure> {
  const lease = await shard.pool.leaseFor(ttlMs, deadlineMs);
  if (lease.kind === "lease") {
    return { kind: "usable", marker: lease.marker, ttlMs, validForMs: validityMs(ttlMs) };
  }
  return unreached(shard, lease);
}

function usable(context: LocalContext, lease: SessionLeaseState): UsableLease {
  const { marker, ttlMs } = lease;
  // What is left of the lease, not its ttl: putting a lock under a lease renews nothing.
  return { kind: "usable", marker, ttlMs, validForMs: context.sessionLeases.validForMs(lease) };
}
