import type { Checker, Run, Violation } from "../history/run.ts";

/**
 * One request has one place: it never stands twice in line, never stands in line for what it holds,
 * and is never granted twice under two grant ids, however often it was sent.
 */
export const onePlace: Checker = {
  name: "one-place",
  check(run: Run): Violation[] {
    const violations: Violation[] = [];
    for (const step of run.steps) {
      if (step.granted.length === 0 && step.queued.length === 0) continue;
      const seen = new Set<string>();
      for (const { request } of [...step.holders, ...step.queue]) {
        if (seen.has(request)) {
          const message = `${request} has two places at ${step.lock}`;
          violations.push({ checker: this.name, atMs: step.atMs, message });
        }
        seen.add(request);
      }
    }
    const grantIds = new Map<string, string>();
    for (const tenure of run.tenures) {
      const first = grantIds.get(tenure.request) ?? tenure.grantId;
      grantIds.set(tenure.request, first);
      if (first === tenure.grantId) continue;
      const message = `${tenure.request} was granted ${tenure.lock} twice, as two requests`;
      violations.push({ checker: this.name, atMs: tenure.grantedAtMs, message });
    }
    return violations;
  },
};
