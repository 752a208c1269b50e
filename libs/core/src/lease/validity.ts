import type { Clock } from "@holdfast/base/clock";

/** How much two clocks' *rates* may differ. Past that only the fencing token protects. */
export const rho = 0.01;

/** What is taken off for coarse timers and for the time it takes to act, at the most. */
const deltaMsMax = 250;

/** The fixed margin of a lease of `ttlMs`: 250 ms, or a twentieth of a ttl below 5 s. */
export function deltaMs(ttlMs: number): number {
  return Math.min(deltaMsMax, ttlMs / 20);
}

/**
 * How long a lease of `ttlMs` may be believed in, in ms, counted from *before* the message that led
 * to its grant or keepalive was sent. Counted from the reply, the holder would go on believing for
 * as long as the reply was under way after the store had given the lock to somebody else.
 */
export function validityMs(ttlMs: number): number {
  return ttlMs * (1 - rho) - deltaMs(ttlMs);
}

/** The holder's own deadline, on the monotonic clock `sentAtMs` was read from. */
export function deadlineMs(sentAtMs: number, ttlMs: number): number {
  return sentAtMs + validityMs(ttlMs);
}

/** Both clocks, read together. */
export interface ClockReading {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** Reads both clocks. */
export function readClocks(clock: Clock): ClockReading {
  return { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() };
}

/**
 * True when the two clocks went apart by more than delta since `then`: the machine slept, and its
 * monotonic clock with it, while the store's did not. (A stepped wall clock looks the same; losing
 * a lock for it is the safe mistake.)
 */
export function wasSuspended(then: ClockReading, now: ClockReading, ttlMs: number): boolean {
  const wallPassedMs = now.wallMs - then.wallMs;
  const monotonicPassedMs = now.monotonicMs - then.monotonicMs;
  return Math.abs(wallPassedMs - monotonicPassedMs) > deltaMs(ttlMs);
}
