import type { GrantId, LeaseId } from "@holdfast/base/ids";
import { type KeyRange, slotText } from "../lock/keys.ts";

/**
 * What a region's shard keeps of a lock that is, was or may be delegated to the region, beside the
 * region's vote in the register (quorum/register-keys.ts).
 */
export interface DelegationKeys {
  /** What the shard knows of the latest delegation; no lease, ever, and never deleted. */
  readonly state: string;
  /** The local holder: one key, under its session's lease. */
  readonly holders: KeyRange;
  /** Requests that wait in this region, each under its session's lease. */
  readonly places: KeyRange;
  /** Requests that must not be granted here any more, each under its session's lease. */
  readonly tombstones: KeyRange;
}

/** The keys of one lock. `slot`: 0 to 4095. */
export function delegationKeys(slot: number, namespace: string, name: string): DelegationKeys {
  const stem = `g/${slotText(slot)}/${namespace}/${name}/\0`;
  return {
    state: `${stem}d`,
    holders: below(`${stem}h`),
    places: below(`${stem}q`),
    tombstones: below(`${stem}t`),
  };
}

/** A request's tombstones: one key a lease, as with a local lock's. */
export function buriedOf(keys: DelegationKeys, grantId: GrantId): KeyRange {
  return below(keys.tombstones.prefix + grantId);
}

/** The tombstone of a request under `lease`. */
export function buriedKey(keys: DelegationKeys, grantId: GrantId, lease: LeaseId): string {
  return `${keys.tombstones.prefix}${grantId}/${lease.toString(16)}`;
}

/** "/" + 1 is "0". */
function below(stem: string): KeyRange {
  return { prefix: `${stem}/`, end: `${stem}0` };
}
