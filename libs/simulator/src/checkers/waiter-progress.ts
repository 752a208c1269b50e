import type { LockStep, Place } from "../history/lock-step.ts";
import type { Checker, Run, Violation } from "../history/run.ts";
import { clientOf, type Span, silentSpans } from "./client-life.ts";
import { interfere, treeOf } from "./interference.ts";

/**
 * No waiter is lost: with nothing disturbed, a lock that its queue's head could have is granted to
 * it soon. Only queues in which a living client waits are watched over: so are they by routers.
 */
export const waiterProgress: Checker = {
  name: "waiter-progress",
  check(run: Run): Violation[] {
    const violations: Violation[] = [];
    const silent = silentSpans(run);
    const trees = new Map<string, Map<string, LockStep>>();
    const freeSince = new Map<string, { readonly head: Place; readonly sinceMs: number }>();
    /** Judges how long a lock has been free for the head it had until now. */
    const judge = (lock: string, queue: readonly Place[], untilMs: number) => {
      const free = freeSince.get(lock);
      if (free === undefined) return;
      const fromMs = Math.max(free.sinceMs, run.healedAtMs, lastAwakeMs(queue, silent));
      if (untilMs - fromMs <= run.patience.promotionMs) return;
      const waitedMs = Math.round(untilMs - fromMs);
      const message = `${lock} was free for ${free.head.request} for ${waitedMs} ms`;
      violations.push({ checker: this.name, atMs: untilMs, message });
    };
    for (const step of run.steps) {
      const tree = trees.get(treeOf(step.lock)) ?? new Map<string, LockStep>();
      trees.set(treeOf(step.lock), tree);
      const before = tree.get(step.lock);
      tree.set(step.lock, step);
      for (const [lock, { queue }] of tree) {
        if (!interfere(lock, step.lock)) continue;
        const known = freeSince.get(lock);
        const head = queue[0];
        const free = head !== undefined && couldBeGranted(lock, head, tree);
        if (known !== undefined && free && known.head === head) continue;
        judge(lock, lock === step.lock ? (before?.queue ?? []) : queue, step.atMs);
        if (free) freeSince.set(lock, { head, sinceMs: step.atMs });
        else freeSince.delete(lock);
      }
    }
    for (const tree of trees.values()) {
      for (const [lock, { queue }] of tree) judge(lock, queue, run.endMs);
    }
    return violations;
  },
};

function couldBeGranted(lock: string, head: Place, tree: ReadonlyMap<string, LockStep>): boolean {
  return [...tree].every(([other, { holders }]) => {
    if (holders.length === 0 || !interfere(lock, other)) return true;
    return head.mode === "shared" && holders.every((holder) => holder.mode === "shared");
  });
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
