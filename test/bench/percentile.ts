/**
 * The value below which `share` (0 to 1) of the samples lie, by the nearest-rank method: always a
 * value that was measured, never one between two. NaN without samples.
 */
export function percentile(samples: readonly number[], share: number): number {
  if (samples.length === 0) return Number.NaN;
  const sorted = Float64Array.from(samples).sort();
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  return sorted[Math.min(rank, sorted.length) - 1] ?? Number.NaN;
}

/** The middle of the samples; the lower one of two. */
export function median(samples: readonly number[]): number {
  return percentile(samples, 0.5);
}

/** How long something took, in ms. */
export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Half and nearly all of the samples, in ms. */
export function latencyOf(samplesMs: readonly number[]): Latency {
  return { p50Ms: percentile(samplesMs, 0.5), p99Ms: percentile(samplesMs, 0.99) };
}
