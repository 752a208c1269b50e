import type { Clock } from "@holdfast/base/clock";

/** Rejects with `complaint` where `promise` takes longer than `limitMs`. */
export function within<Value>(
  clock: Clock,
  limitMs: number,
  promise: Promise<Value>,
  complaint: string,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = clock.schedule(limitMs, () => reject(new Error(complaint)));
    promise.then(resolve, reject).finally(() => timer.cancel());
  });
}
