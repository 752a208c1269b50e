import type { Txn } from "@holdfast/core/txn/txn";
import { type Applied, ShardState } from "@holdfast/engine/memory/shard-state";
import { defaultTxnLimits } from "@holdfast/engine/memory/txn-limits";
import type { RejectReason, WatchEvent } from "@holdfast/engine/ports/shard-store";

/** Hears of every revision in the very moment it is made. */
export type RevisionListener = (revision: number, events: readonly WatchEvent[]) => void;

/**
 * The state of a simulated shard, which tells what it commits. A watch would tell the same a little
 * later; a checker that compares beliefs with the truth must not be late.
 */
export class RecordingShardState extends ShardState {
  readonly #listener: RevisionListener;

  constructor(listener: RevisionListener) {
    super(defaultTxnLimits);
    this.#listener = listener;
  }

  override commit(txn: Txn): Applied | RejectReason {
    const applied = super.commit(txn);
    if (typeof applied !== "string") this.#tell(applied.events);
    return applied;
  }

  override revoke(lease: bigint): readonly WatchEvent[] {
    const events = super.revoke(lease);
    this.#tell(events);
    return events;
  }

  #tell(events: readonly WatchEvent[]): void {
    if (events.length > 0) this.#listener(this.revision, events);
  }
}
