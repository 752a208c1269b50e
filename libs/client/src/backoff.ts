import type { Random } from "@holdfast/base/random";

const firstMs = 50;
const capMs = 1_000;

/**
 * How long to wait before repeat number `repeat` (from 0): anything from nothing to a limit that
 * doubles up to a second. Full jitter, so that clients that failed together do not return together.
 * Never less than `leastMs`, which the service asked for.
 */
export function backoffMs(random: Random, repeat: number, leastMs = 0): number {
  return leastMs + random.next() * Math.min(capMs, firstMs * 2 ** Math.min(repeat, 10));
}
