/** A stretch of time, in ms on one clock. */
export interface Window {
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * The longest time, in ms, inside of `window` in which none of `momentsMs` lies; the stretches
 * before the first and after the last one count. The moments may come in any order.
 */
export function longestGap(momentsMs: readonly number[], { fromMs, untilMs }: Window): number {
  const inside = momentsMs.filter((ms) => ms > fromMs && ms < untilMs).toSorted((a, b) => a - b);
  let lastMs = fromMs;
  let gapMs = 0;
  for (const ms of [...inside, untilMs]) {
    gapMs = Math.max(gapMs, ms - lastMs);
    lastMs = ms;
  }
  return gapMs;
}
