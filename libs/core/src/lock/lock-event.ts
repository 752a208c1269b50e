import type { Tenant } from "../command/outcome.ts";
import type { LockId } from "./lock-id.ts";

/** Something happened to a lock; named in the past tense, in the shard's order. */
export interface LockEvent {
  readonly kind: LockEventKind;
  readonly lock: LockId;
  /** Who it concerns; metadata and owner are empty where the store no longer had them. */
  readonly tenant: Tenant;
  readonly shard: string;
  readonly revision: bigint;
}

/**
 * `LockEnded` covers release and expiry: a watch alone cannot tell them apart. `WatchRestarted`
 * says that events may be missing before it, because the shard was out of reach or compacted.
 */
export type LockEventKind =
  | "LockAcquired"
  | "LockRenewed"
  | "LockEnded"
  | "WaiterQueued"
  | "WaiterLeft"
  | "WatchRestarted";
