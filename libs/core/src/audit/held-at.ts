import type { Ballot } from "../quorum/ballot.ts";
import type { AuditEvent, Tenure } from "./event.ts";

/** An event that says whose the lock is, or was, and under which token. */
export type TenureEvent = Extract<AuditEvent, Tenure>;

/** Whether the event is one of somebody who has the lock, or had it. */
export function isTenureEvent(event: AuditEvent): event is TenureEvent {
  return "token" in event;
}

/**
 * It stood there when its shard was read anew after a gap, so when it began is not known. What
 * stood there before the gap and was not found has ended in it.
 */
export function isFound(event: AuditEvent): boolean {
  return (event as { readonly found?: true }).found === true;
}

/** Regions that agreed. */
export interface Quorum {
  readonly ballot: Ballot;
  /** Of the register's value that they accepted. */
  readonly version: number;
  /** Those that are known to have: two or more, sorted. */
  readonly regions: readonly string[];
}

/** Who gave a lock out. */
export type GrantedBy =
  /** One region's shard, for a local lock. */
  | { readonly kind: "shard" }
  /** Two of three regions. */
  | { readonly kind: "quorum"; readonly quorum: Quorum }
  /**
   * One region's shard, for a global lock that two of three regions had delegated to it; the quorum
   * is that of the delegation, absent where it lies further back than was read.
   */
  | { readonly kind: "delegation"; readonly region: string; readonly quorum?: Quorum };

/** Somebody who held the lock. */
export interface HeldAt {
  /** The event that shows it: its beginning, or where that is not known, what came later of it. */
  readonly event: TenureEvent;
  /**
   * When it began; of a global lock, when the second region had accepted it. Absent: before what
   * was read.
   */
  readonly sinceMs?: number;
  readonly by: GrantedBy;
}

/** A global lock was one region's to give out. */
export interface DelegatedAt {
  readonly region: string;
  readonly token: bigint;
  readonly quorum: Quorum;
}
