import type { Checker, Run, Violation } from "../history/run.ts";

/**
 * One request has one place: it never stands twice in line, never holds twice, and never stands in
 * line for what it holds, however often it was sent. Where its session ended it is begun anew under
 * another one, as another request.
 */
export const onePlace: Checker = {
  name: "one-place",
  check(run: Run): Violation[] {
    const violations: Violation[] = [];
    for (const step of run.steps) {
      if (step.granted.length === 0 && step.queued.length === 0) continue;
      const seen = new Set<string>();
      for (const { request, session } of [...step.holders, ...step.queue]) {
        const once = `${request} ${session}`;
        if (seen.has(once)) {
          const message = `${request} has two places at ${step.lock}`;
          violations.push({ checker: this.name, atMs: step.atMs, message });
        }
        seen.add(once);
      }
    }
    return violations;
  },
};
