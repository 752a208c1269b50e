import type { WaitersResult } from "./waiters-drill.ts";

/** What a drill of waiters came to, for people. */
export function waitersLine(name: string, result: WaitersResult): string {
  const { queued, releases, handOvers, revisions, proposals, outOfOrder, left } = result;
  const perRelease = (count: number): string => (count / releases).toFixed(2);
  return (
    `${name}: ${queued} in line in ${(result.queueMs / 1_000).toFixed(1)} s; ${releases} releases: ` +
    `${perRelease(result.grants)} grants, ${perRelease(handOvers)} hand-overs in the release, ` +
    `${perRelease(result.holderRevisions)} transactions that touch the holder, ` +
    `${perRelease(revisions)} revisions and ${perRelease(proposals)} proposals of etcd a release, ` +
    `${result.handOverMsMean.toFixed(1)} ms each, ${outOfOrder} out of order, ${left} left over`
  );
}
