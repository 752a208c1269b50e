import type { LockStep } from "../history/lock-step.ts";
import type { Checker, Run, Violation } from "../history/run.ts";

/**
 * A lock that becomes free wakes the head of its queue and nobody else: one exclusive waiter, or
 * the run of shared ones at the head. And a place in line that was taken up is gone.
 */
export const oneWake: Checker = {
  name: "one-wake",
  check(run: Run): Violation[] {
    return run.steps.flatMap((step) => {
      const problem = problemOf(step);
      return problem === undefined
        ? []
        : [{ checker: this.name, atMs: step.atMs, message: `${step.lock}: ${problem}` }];
    });
  },
};

function problemOf(step: LockStep): string | undefined {
  const woken = step.granted.filter((tenure) => tenure.fromQueue);
  const names = () => woken.map((tenure) => tenure.request).join(" and ");
  if (woken.length > 1 && woken.some((tenure) => tenure.mode === "exclusive")) {
    return `one release woke ${names()}`;
  }
  for (const tenure of woken) {
    if (step.queue.some((place) => place.grantId === tenure.grantId)) {
      return `${tenure.request} was promoted and still stands in line`;
    }
  }
  if (woken.length > 0 && step.ended.length > 1 && step.ended.some((t) => t.mode === "exclusive")) {
    return `${names()} was woken by ${step.ended.length} releases at once`;
  }
  return undefined;
}
