import type { LockStep, Place, Tenure } from "../history/lock-step.ts";
import type { Checker, Run, Violation } from "../history/run.ts";

/**
 * Grants follow the order of the queue, which is the create revision of its keys: who leaves does
 * not count, and a newcomer overtakes nobody. Of a run of shared waiters one may come a moment
 * later than those behind it, for it can be granted beside them, and no exclusive waiter passes it.
 */
export const fifoOrder: Checker = {
  name: "fifo-order",
  check(run: Run): Violation[] {
    const violations: Violation[] = [];
    const queues = new Map<string, readonly Place[]>();
    for (const step of run.steps) {
      const before = queues.get(step.lock) ?? [];
      for (const tenure of step.granted) {
        const overtaken = firstOvertaken(step, tenure, before);
        if (overtaken === undefined) continue;
        const how = tenure.fromQueue ? "was promoted" : "came anew and was granted";
        const message = `${step.lock}: ${tenure.request} ${how} before ${overtaken.request}`;
        violations.push({ checker: this.name, atMs: step.atMs, message });
      }
      queues.set(step.lock, step.queue);
    }
    return violations;
  },
};

/** Who stood before the grant and still stands. A compare sees what was before its revision. */
function firstOvertaken(
  step: LockStep,
  tenure: Tenure,
  before: readonly Place[],
): Place | undefined {
  const own = before.find((place) => place.grantId === tenure.grantId);
  return before.find((place) => {
    if (place.grantId === tenure.grantId) return false;
    if (own === undefined) return true;
    if (tenure.mode === "shared" && place.mode === "shared") return false;
    return place.createRevision < own.createRevision && step.queue.includes(place);
  });
}
