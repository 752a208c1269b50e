/** What is known of the way to another region. */
export interface RegionDistance {
  readonly reachable: boolean;
  /** In ms; 0 before anything was measured. */
  readonly rttMs: number;
}

/** Assumed before anything was measured, in ms: the way over a continent. */
const unmeasuredMs = 80;
/** What a store takes to answer, at the least, in ms: no pause is worth being shorter. */
const leastMs = 4;

/**
 * To the nearest other region and back, in ms: with the region itself that is a quorum of two. One
 * that is out of reach counts only where all are.
 */
export function nearestRegionMs(others: readonly RegionDistance[]): number {
  const ways = waysTo(others);
  return ways.length === 0 ? unmeasuredMs : Math.max(leastMs, Math.min(...ways));
}

/** The same for the farthest one: what all three say is known no sooner. */
export function farthestRegionMs(others: readonly RegionDistance[]): number {
  const ways = waysTo(others);
  return ways.length === 0 ? unmeasuredMs : Math.max(leastMs, ...ways);
}

function waysTo(others: readonly RegionDistance[]): number[] {
  const measured = others.filter(({ rttMs }) => rttMs > 0);
  const reachable = measured.filter((each) => each.reachable);
  return (reachable.length > 0 ? reachable : measured).map(({ rttMs }) => rttMs);
}
