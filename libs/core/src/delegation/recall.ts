import { counterOf } from "./delegation-state.ts";

/** When a delegation is asked for, renewed and given back. */
export interface DelegationPolicy {
  /** Hand-overs while another region waits; then the next release closes. */
  readonly handOversMax: number;
  /** Hand-overs go on for this long, in ms, while another region waits. */
  readonly recallMs: number;
  /** Nobody has it and nobody wants it for this long, in ms: it is given back. */
  readonly idleMs: number;
  /** Renewed once so many of a counter's numbers are given out. */
  readonly renewAt: number;
}

/** What the platform uses. */
export const defaultDelegationPolicy: DelegationPolicy = {
  handOversMax: 64,
  recallMs: 2_000,
  idleMs: 10_000,
  // Half of them are left while the renewal crosses the ocean.
  renewAt: 2 ** 19,
};

/** How long another region has been kept waiting, and by how many. */
export interface Recall {
  readonly sinceMs: number;
  readonly handOvers: number;
}

/** The next release is to close the delegation instead of handing over. */
export function isRecallDue(
  recall: Recall | undefined,
  policy: DelegationPolicy,
  nowMs: number,
): boolean {
  if (recall === undefined) return false;
  return recall.handOvers >= policy.handOversMax || nowMs - recall.sinceMs >= policy.recallMs;
}

/**
 * The register gave the lock to this region twice in a row: counters are consecutive exactly if no
 * other grant lies between. A region that does so is likely to do it again.
 */
export function wasTwiceInARow(earlier: bigint | undefined, later: bigint): boolean {
  return earlier !== undefined && counterOf(later) === counterOf(earlier) + 1n;
}
