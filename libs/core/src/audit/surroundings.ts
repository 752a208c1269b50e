import type { KeyChange } from "./key-changes.ts";

/** What else a revision did, by which ends are told apart. */
export interface Surroundings {
  /**
   * Leases that ended: a lease takes its own marker along with its other keys, in one revision, and
   * nothing else deletes a marker.
   */
  readonly endedLeases: ReadonlySet<bigint>;
  /** References of sessions that said they are closing before this revision. */
  readonly closing: ReadonlySet<string>;
}

/** Reads the surroundings off a revision's changes. */
export function surroundingsOf(
  changes: readonly KeyChange[],
  closing: ReadonlySet<string>,
): Surroundings {
  const endedLeases = new Set<bigint>();
  for (const { key, before, after } of changes) {
    if (key.startsWith("v/") && after === undefined && before !== undefined) {
      endedLeases.add(before.lease);
    }
  }
  return { endedLeases, closing };
}

/** How something that hung on `lease` went. */
export function howItWent(
  { endedLeases, closing }: Surroundings,
  lease: bigint,
  session: string | undefined,
): "by-request" | "session-closed" | "expired" {
  if (lease === 0n || !endedLeases.has(lease)) return "by-request";
  return session !== undefined && closing.has(session) ? "session-closed" : "expired";
}
