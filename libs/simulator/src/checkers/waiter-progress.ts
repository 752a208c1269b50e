import type { LockStep, Place } from "../history/lock-step.ts";
import type { Checker, Run, Violation } from "../history/run.ts";
import { clientOf, type Span, silentSpans } from "./client-life.ts";

/**
 * No waiter is lost: with nothing disturbed, a lock that its queue's head could have is granted to
 * it soon. Only queues in which a living client waits are watched over; so are the routers' rules.
 */
export const waiterProgress: Checker = {
  name: "waiter-progress",
  check(run: Run): Violation[] {
    const violations: Violation[] = [];
    const silent = silentSpans(run);
    const standing = new Map<string, LockStep>();
    const judge = (step: LockStep, untilMs: number) => {
      const head = step.queue[0];
      if (head === undefined || !couldBeGranted(step, head)) return;
      const fromMs = Math.max(step.atMs, run.healedAtMs, lastAwakeMs(step.queue, silent));
      if (untilMs - fromMs <= run.patience.promotionMs) return;
      const message = `${step.lock} was free for ${head.request} for ${Math.round(untilMs - fromMs)} ms`;
      violations.push({ checker: this.name, atMs: untilMs, message });
    };
    for (const step of run.steps) {
      const last = standing.get(step.lock);
      if (last !== undefined) judge(last, step.atMs);
      standing.set(step.lock, step);
    }
    for (const step of standing.values()) judge(step, run.endMs);
    return violations;
  },
};

function couldBeGranted(step: LockStep, head: Place): boolean {
  if (step.holders.length === 0) return true;
  return head.mode === "shared" && step.holders.every((holder) => holder.mode === "shared");
}

/** When the first of the queue's clients was awake for good; Infinity if none is. */
function lastAwakeMs(queue: readonly Place[], silent: ReadonlyMap<string, Span[]>): number {
  let earliestMs = Number.POSITIVE_INFINITY;
  for (const place of queue) {
    const last = silent.get(clientOf(place.request))?.at(-1);
    earliestMs = Math.min(earliestMs, last === undefined ? 0 : last.toMs);
  }
  return earliestMs;
}
