import type { RoundTrip } from "../../relay/wan.ts";

/** A time between two regions, in ms, by their names. */
export type RttOf = (from: string, to: string) => number;

/** The round trips of a network as it was laid. */
export function laidRtt(roundTrips: readonly RoundTrip[]): RttOf {
  return (from, to) => {
    if (from === to) return 0;
    const found = roundTrips.find(({ between }) => between.includes(from) && between.includes(to));
    if (found === undefined) throw new Error(`there is no way from ${from} to ${to}`);
    return found.ms;
  };
}

/** The other region that answers first. */
export function nearestOf(region: string, regions: readonly string[], rtt: RttOf): string {
  const others = regions.filter((each) => each !== region);
  const [nearest] = others.toSorted((one, two) => rtt(region, one) - rtt(region, two));
  if (nearest === undefined) throw new Error(`${region} is the only region`);
  return nearest;
}

/**
 * How long a write takes, in ms and commits left out, from a member in `from` of a cluster that is
 * stretched over `regions` and led in `leader`: to the leader and back, and from there to the
 * nearest other.
 */
export function stretchedWriteMs(
  from: string,
  leader: string,
  regions: readonly string[],
  rtt: RttOf,
): number {
  return rtt(from, leader) + rtt(leader, nearestOf(leader, regions, rtt));
}

/** Where the leader of a stretched cluster makes the mean write over all regions the shortest. */
export function bestLeader(regions: readonly string[], rtt: RttOf): string {
  const mean = (leader: string): number =>
    meanOf(regions.map((from) => stretchedWriteMs(from, leader, regions, rtt)));
  const [best] = regions.toSorted((one, two) => mean(one) - mean(two));
  if (best === undefined) throw new Error("there is no region");
  return best;
}

/** An operation's time in round trips, the commits that it waits for on the way taken off. */
export function inRoundTrips(
  tookMs: number,
  rttMs: number,
  commits: { readonly count: number; readonly ms: number },
): number {
  return (tookMs - commits.count * commits.ms) / rttMs;
}

/** The mean; NaN of nothing. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
