import type { GrantId } from "@holdfast/base/ids";
import type { Confirmation, Grant, Tenant } from "@holdfast/core/command/outcome";
import { globalRegion, type LockId } from "@holdfast/core/lock/lock-id";
import type {
  GlobalHolder,
  GlobalRequest,
  RegisterValue,
} from "@holdfast/core/quorum/register-value";
import { majority } from "@holdfast/core/quorum/votes";
import { isOwnSession } from "./own-session.ts";
import type { GlobalLockId } from "./ports/voting-region.ts";

/** Holders that an answer names; a client that needs all of them asks for the lock's state. */
const namedMax = 10;

/** A global lock as the API names it. */
export function lockIdOf({ namespace, name }: GlobalLockId): LockId {
  return { region: globalRegion, namespace, name };
}

/** A holder or a waiter as others may see it. */
export function globalTenant(request: GlobalRequest | GlobalHolder, nowWallMs: number): Tenant {
  const { grantId, session, mode, metadata, ttlMs, atMs } = request;
  return {
    grantId,
    mode,
    owner: request.delegation ? `delegated to ${request.region}` : request.owner,
    metadata,
    token: "token" in request ? request.token : 0n,
    ageMs: Math.max(0, nowWallMs - atMs),
    hasSession: !isOwnSession(session),
    ttlMs,
  };
}

/** Who is in the way, for an answer that says so. */
export function namedHolders({ holders }: RegisterValue, nowWallMs: number): Tenant[] {
  return holders.slice(0, namedMax).map((holder) => globalTenant(holder, nowWallMs));
}

/** The grant as its holder is told of it; undefined where fewer than two regions confirm it. */
export function globalGrant(
  lock: GlobalLockId,
  { grantId, mode, token }: GlobalHolder,
  confirmed: readonly Confirmation[],
): Grant | undefined {
  const [first] = confirmed;
  if (first === undefined || confirmed.length < majority) return undefined;
  return {
    lock: lockIdOf(lock),
    grantId,
    mode,
    token,
    validForMs: secondLatest(confirmed),
    validFrom: "first-send",
    lease: first.lease,
    regions: confirmed.map(({ lease }) => lease.region),
    confirmed,
  };
}

/** Until two regions' leases are known to live, and no longer. */
export function secondLatest(confirmed: readonly Confirmation[]): number {
  const validForMs = confirmed.map((each) => each.validForMs).sort((left, right) => right - left);
  return validForMs[majority - 1] ?? 0;
}

/** Where in line a request of the register stands: 1 is the head; 0: it does not wait there. */
export function placeOf({ waiters }: RegisterValue, grantId: GrantId): number {
  return waiters.findIndex((waiter) => waiter.grantId === grantId) + 1;
}

/** The register knows the request: it has the lock, waits for it, or ended lately. */
export function isIn({ holders, waiters, recent }: RegisterValue, grantId: GrantId): boolean {
  return [...holders, ...waiters, ...recent].some((each) => each.grantId === grantId);
}
