import { invariant } from "@holdfast/base/invariant";
import {
  type BatchLimits,
  type Bundle,
  defaultBatchLimits,
  type Member,
  Packing,
} from "./packing.ts";
import { sizeOf, type TxnSize } from "./size.ts";

/** An operation that waits to be committed. */
export interface Submission extends Member {
  /**
   * Two operations with one conflict key must not share a batch: the compares inside a batch do not
   * see its writes, so both would succeed (hazard 1), or its puts would collide (hazard 2).
   */
  readonly conflictKey: string;
  /** It conflicts with others of its key, but not with those that say the same here. */
  readonly shares?: string | undefined;
}

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
      const { shares } = submission;
      this.#lanes.set(submission.conflictKey, { shares, ready: 1, parked: [] });
      this.#ready.push(sized);
    } else if (mayShare(lane, submission) && lane.parked.length === 0) {
      lane.ready++;
      this.#ready.push(sized);
    } else {
      lane.parked.push(sized);
    }
  }

  /**
   * The next batch, empty only when nothing is queued. A submission too big for any batch goes
   * alone. `togetherMax`: how many hopeful ones are carried out all or none.
   */
  take(togetherMax: number): readonly Bundle<S>[] {
    const packing = new Packing<S>(this.#limits, togetherMax);
    while (this.#readyFrom < this.#ready.length) {
      const next = this.#ready[this.#readyFrom];
      invariant(next !== undefined, "ready entries are dense");
      if (!packing.add(next.submission, next.size)) break;
      this.#readyFrom++;
    }
    this.#compact();
    // Only now: what was parked behind a member of this batch must not join it.
    for (const { members } of packing.bundles) {
      for (const { conflictKey } of members) this.#unpark(conflictKey);
    }
    this.#length -= packing.length;
    return packing.bundles;
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
    lane.shares = next.submission.shares;
    lane.ready = 1;
    this.#ready.push(next);
    for (;;) {
      const after = lane.parked[0];
      if (after === undefined || !mayShare(lane, after.submission)) break;
      lane.parked.shift();
      this.#ready.push(after);
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
  /** What is ready shares its batch with others that say this. */
  shares: string | undefined;
  ready: number;
  readonly parked: Sized<S>[];
}

function mayShare<S>(lane: Lane<S>, { shares }: Submission): boolean {
  return shares !== undefined && shares === lane.shares;
}

interface Sized<S> {
  readonly submission: S;
  readonly size: TxnSize;
}
