import type { Belief, Checker, Run, Violation } from "../history/run.ts";

/**
 * What the applications see: two of them never act on one lock at once, unless both share it. This
 * is the promise itself, and needs no look at the store; only forced releases are left out.
 */
export const beliefOverlap: Checker = {
  name: "belief-overlap",
  check(run: Run): Violation[] {
    const forced = new Set<string>();
    for (const tenure of run.tenures) if (tenure.forced) forced.add(tenure.grantId);
    const violations: Violation[] = [];
    const current = new Map<string, Belief[]>();
    for (const belief of run.beliefs.toSorted((a, b) => a.fromOrder - b.fromOrder)) {
      const others = (current.get(belief.lock) ?? []).filter(
        (other) => other.toOrder > belief.fromOrder,
      );
      for (const other of others) {
        if (!other.exclusive && !belief.exclusive) continue;
        if (forced.has(other.grantId)) continue;
        const message = `${belief.lock}: ${belief.request} and ${other.request} both act on it`;
        violations.push({ checker: this.name, atMs: belief.fromMs, message });
      }
      current.set(belief.lock, [...others, belief]);
    }
    return violations;
  },
};
