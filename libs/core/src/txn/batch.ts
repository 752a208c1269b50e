import { invariant } from "@holdfast/base/invariant";
import { sizeOf, type TxnSize } from "./size.ts";
import type { Txn } from "./txn.ts";

/** An operation that waits to be committed. */
export interface Submission {
  readonly txn: Txn;
  /**
   * Two operations with one conflict key must not share a batch: the compares inside a batch do not
   * see its writes, so both would succeed (hazard 1), or its puts would collide (hazard 2).
   */
  readonly conflictKey: string;
  /** It conflicts with others of its key, but not with those that also say so. */
  readonly shares?: boolean;
}

/** Bounds of a batch; etcd's limits less what goes around a batch (hazard 4). */
export interface BatchLimits {
  /** Operations of the batch plus the width of its widest one. etcd's `--max-txn-ops`, 128. */
  readonly operationsMax: number;
  /** etcd's request limit is 1.5 MiB. */
  readonly bytesMax: number;
}

/** The limits of an etcd with default flags. */
export const defaultBatchLimits: BatchLimits = { operationsMax: 128, bytesMax: 1024 * 1024 };

/**
 * What is queued for one shard, in order, and what of it may go together. An operation stands
 * parked while an earlier one with its conflict key waits; taking a batch costs what the batch
 * costs, however many are parked behind one hot lock.
 */
export class BatchQueue<S extends Submission> {
  readonly #limits: BatchLimits;
  #ready: Sized<S>[] = [];
  #readyFrom = 0;
  readonly #lanes = new Map<string, Lane<S>>();
  #length = 0;

  constructor(limits: BatchLimits = defaultBatchLimits) {
    this.#limits = limits;
  }

  /** How many are queued, parked ones included. */
  get length(): number {
    return this.#length;
  }

  /** How many could go now, were there no bounds. */
  get readyLength(): number {
    return this.#ready.length - this.#readyFrom;
  }

  push(submission: S): void {
    const sized = { submission, size: sizeOf(submission.txn) };
    this.#length++;
    const lane = this.#lanes.get(submission.conflictKey);
    if (lane === undefined) {
      const shares = submission.shares === true;
      this.#lanes.set(submission.conflictKey, { shares, ready: 1, parked: [] });
      this.#ready.push(sized);
    } else if (lane.shares && submission.shares && lane.parked.length === 0) {
      lane.ready++;
      this.#ready.push(sized);
    } else {
      lane.parked.push(sized);
    }
  }

  /**
   * The next batch, empty only when nothing is queued. A submission too big for any batch goes
   * alone.
   */
  take(): S[] {
    const batch: S[] = [];
    let widest = 0;
    let bytes = 0;
    while (this.#readyFrom < this.#ready.length) {
      const next = this.#ready[this.#readyFrom];
      invariant(next !== undefined, "ready entries are dense");
      const width = Math.max(widest, next.size.width);
      const fits =
        batch.length + 1 + width <= this.#limits.operationsMax &&
        bytes + next.size.bytes <= this.#limits.bytesMax;
      if (batch.length > 0 && !fits) break;
      batch.push(next.submission);
      widest = width;
      bytes += next.size.bytes;
      this.#readyFrom++;
    }
    this.#compact();
    // Only now: what was parked behind a member of this batch must not join it.
    for (const { conflictKey } of batch) this.#unpark(conflictKey);
    this.#length -= batch.length;
    return batch;
  }

  /** The next of a key may go once none of those before it is left for a later batch. */
  #unpark(conflictKey: string): void {
    const lane = this.#lanes.get(conflictKey);
    invariant(lane !== undefined, "whatever was ready has a lane");
    if (--lane.ready > 0) return;
    const next = lane.parked.shift();
    if (next === undefined) {
      this.#lanes.delete(conflictKey);
      return;
    }
    lane.shares = next.submission.shares === true;
    lane.ready = 1;
    this.#ready.push(next);
    while (lane.shares && lane.parked[0]?.submission.shares === true) {
      this.#ready.push(lane.parked.shift() as Sized<S>);
      lane.ready++;
    }
  }

  #compact(): void {
    if (this.#readyFrom < 1024 && this.#readyFrom < this.#ready.length) return;
    this.#ready = this.#ready.slice(this.#readyFrom);
    this.#readyFrom = 0;
  }
}

/** The submissions of one conflict key: those that may go, and those that wait for them. */
interface Lane<S> {
  /** What is ready shares its batch with others that share. */
  shares: boolean;
  ready: number;
  readonly parked: Sized<S>[];
}

interface Sized<S> {
  readonly submission: S;
  readonly size: TxnSize;
}
