/**
 * Now, in ms since `originNs`, on the one monotonic clock that all processes of a machine share;
 * performance.now() counts from the start of each process.
 */
export function drillClock(originNs: bigint): () => number {
  return () => Number(process.hrtime.bigint() - originNs) / 1e6;
}
