import type { Clock } from "@holdfast/base/clock";

/** Told in place of a store's answer when nobody waits for it any more: nothing was done. */
const late = { kind: "unavailable", message: "the request's deadline passed" } as const;

/**
 * The answer, or {@link late} once `deadlineMs` on the monotonic clock has passed; never late where
 * there is no deadline. What was begun goes on: others may share it, and all of it is bounded.
 */
export function byDeadline<T>(
  clock: Clock,
  deadlineMs: number | undefined,
  answer: Promise<T>,
): Promise<T | typeof late> {
  if (deadlineMs === undefined) return answer;
  return new Promise((resolve, reject) => {
    const leftMs = Math.max(0, deadlineMs - clock.monotonicMs());
    const timer = clock.schedule(leftMs, () => resolve(late));
    answer.then((value) => {
      timer.cancel();
      resolve(value);
    }, reject);
  });
}

/** Nobody waits any more: a request that would have to be tried again is not. */
export function isPast(clock: Clock, deadlineMs: number | undefined): boolean {
  return deadlineMs !== undefined && clock.monotonicMs() >= deadlineMs;
}
