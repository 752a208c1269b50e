import type { Clock } from "@holdfast/base/clock";

/** A batch of fewer operations says that there is nobody to wait for. */
const crowd = 4;
/** From one batch to the next as many times what a commit takes. */
const commitsApart = 2;
/** And no longer than this, in ms. */
const apartMsMax = 6;
/** What one commit counts for in the mean of them. */
const newestShare = 1 / 8;

/**
 * How soon a committer sends its next batch. A Raft entry costs the three members of a shard about
 * a millisecond of processor time together, however little is in it, and sent as fast as answers
 * come, entries take all the processors there are at a few hundred operations a second. So where
 * several operations went together, the next ones wait for each other for twice as long as a commit
 * takes of late: for at most 6 ms, and not at all where operations come one at a time (as Nagle's
 * algorithm waits, RFC 896, but for a time instead of for an answer).
 */
export class BatchPace {
  readonly clock: Clock;
  #apartMs = 0;
  #nextMs = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** For how long the next batch is to wait unless it gets full, in whole ms; 0: it may go. */
  get leftMs(): number {
    return Math.max(0, Math.round(this.#nextMs - this.clock.monotonicMs()));
  }

  /** A batch goes; the returned is to be called when it is answered. */
  sent(operations: number): () => void {
    const sentMs = this.clock.monotonicMs();
    this.#nextMs = operations < crowd ? 0 : sentMs + this.#apartMs;
    return () => {
      const apartMs = Math.min(commitsApart * (this.clock.monotonicMs() - sentMs), apartMsMax);
      this.#apartMs += (apartMs - this.#apartMs) * newestShare;
    };
  }
}
