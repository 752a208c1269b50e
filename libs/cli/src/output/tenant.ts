import type { TenantView } from "../connection/client-port.ts";

/** Who it is, for people; an owner may be unknown or have said nothing of itself. */
export function printOwner(tenant: TenantView): string {
  return tenant.owner === "" ? "(unnamed)" : tenant.owner;
}

/** `k=v k=v`, in the order of the keys. */
export function printMetadata(metadata: Readonly<Record<string, string>>): string {
  return Object.entries(metadata)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`)
    .join(" ");
}

/** A holder or waiter in JSON; a waiter has no token. */
export function jsonTenant(tenant: TenantView): Record<string, unknown> {
  const { grantId, mode, owner, metadata, token, ageMs, ttlMs, hasSession } = tenant;
  const fence = token === 0n ? {} : { token };
  return { grantId, mode, owner, ...fence, ageMs, ttlMs, hasSession, metadata };
}
