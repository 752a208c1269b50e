/** What can happen between a router and a shard; chances in [0, 1], times in ms. */
export interface StoreFaults {
  /** Refused before it left: certainly not applied. */
  readonly refusedRate: number;
  /** Lost on its way there: not applied, and the answer is `unknown`. */
  readonly requestLostRate: number;
  /** Lost on its way back: applied, and the answer is `unknown`. */
  readonly replyLostRate: number;
  /** The answer is `unknown`, and the write lands up to {@link stalledMsMax} later. */
  readonly stalledRate: number;
  readonly stalledMsMax: number;
  /** Slow, by up to {@link slowMsMax}; answered all the same if that is within the time limit. */
  readonly slowRate: number;
  readonly slowMsMax: number;
  /** A revision reaches a watcher late, by up to {@link slowMsMax}; those behind it wait for it. */
  readonly watchSlowRate: number;
  /** The watch ends here, and what was on its way is lost. */
  readonly watchInterruptedRate: number;
}

/** A store that always answers at once. */
export const cleanStore: StoreFaults = {
  refusedRate: 0,
  requestLostRate: 0,
  replyLostRate: 0,
  stalledRate: 0,
  stalledMsMax: 0,
  slowRate: 0,
  slowMsMax: 0,
  watchSlowRate: 0,
  watchInterruptedRate: 0,
};
