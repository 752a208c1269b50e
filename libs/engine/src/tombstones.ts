import type { Failure } from "@holdfast/base/failure";
import type { Marker } from "@holdfast/core/lease/marker";
import { type LeaseHolder, type LocalContext, leaseFor } from "./local-context.ts";
import type { LockSite } from "./lock-site.ts";

/** A tombstone of a request without a session stands for four times its ttl. */
const tombstoneTtls = 4;
/** The ttl assumed where the caller did not say its request's. */
const ttlAssumedMs = 60_000;

/**
 * Where a tombstone hangs: on the session's lease, for as long as a copy of the request could be
 * granted under it. Undefined for a session that has ended: it needs none.
 */
export async function tombstoneLease(
  context: LocalContext,
  site: LockSite,
  { session, ttlMs }: LeaseHolder,
  deadlineMs?: number,
): Promise<Marker | undefined | Failure> {
  const holder =
    session === undefined ? { ttlMs: tombstoneTtls * (ttlMs ?? ttlAssumedMs) } : { session };
  const lease = await leaseFor(context, site.shard, holder, deadlineMs);
  if (lease.kind === "usable") return lease.marker;
  return lease.code === "SESSION_EXPIRED" ? undefined : lease;
}
