import type { Clock } from "@holdfast/base/clock";

/** What `work` comes to, or `late` when that takes longer than `withinMs`. */
export async function inTime<T>(
  clock: Clock,
  withinMs: number,
  work: Promise<T>,
): Promise<T | "late"> {
  const { promise: late, resolve } = Promise.withResolvers<"late">();
  const timer = clock.schedule(withinMs, () => resolve("late"));
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.cancel();
  }
}
