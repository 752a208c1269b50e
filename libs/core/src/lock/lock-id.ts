/**
 * A local lock is (region, namespace, name): the same name in another region is another lock. A
 * global lock has {@link globalRegion} for its region.
 */
export interface LockId {
  readonly region: string;
  readonly namespace: string;
  readonly name: string;
}

/**
 * Stands in a lock's id in place of a region where two of three regions decide about the lock. No
 * region may be called so.
 */
export const globalRegion = "global";

/** Two of three regions decide about it. */
export function isGlobal({ region }: LockId): boolean {
  return region === globalRegion;
}

/** How many may hold a lock together: one, or any number that all asked for `shared`. */
export type Mode = "exclusive" | "shared";

/** `region/namespace/name`, for people. */
export function printLock(lock: LockId): string {
  return `${lock.region}/${lock.namespace}/${lock.name}`;
}

/** A key for maps. Region and namespace cannot contain a slash, so it is unambiguous. */
export function lockKey(lock: LockId): string {
  return `${lock.region}/${lock.namespace}/${lock.name}`;
}
