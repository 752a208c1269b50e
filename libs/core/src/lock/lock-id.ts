/** A local lock is (region, namespace, name): the same name in another region is another lock. */
export interface LockId {
  readonly region: string;
  readonly namespace: string;
  readonly name: string;
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
