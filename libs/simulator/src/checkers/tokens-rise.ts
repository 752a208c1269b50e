import type { LockStep, Tenure } from "../history/lock-step.ts";
import type { Checker, Run, Violation } from "../history/run.ts";

/**
 * Tokens of one lock rise with every grant; shared holders granted in one revision share theirs. An
 * application is told the token that the store has, and each grant was made at the shard's epoch.
 */
export const tokensRise: Checker = {
  name: "tokens-rise",
  check(run: Run): Violation[] {
    const violations: Violation[] = [];
    const highest = new Map<string, Tenure>();
    for (const step of run.steps) {
      for (const tenure of step.granted) {
        const problem = problemOf(step, tenure, highest.get(step.lock));
        if (problem !== undefined) {
          violations.push({ checker: this.name, atMs: step.atMs, message: problem });
        }
        highest.set(step.lock, tenure);
      }
    }
    const stored = new Set(run.tenures.map((tenure) => `${tenure.request} ${tenure.token}`));
    for (const belief of run.beliefs) {
      if (stored.has(`${belief.request} ${belief.token}`)) continue;
      const message = `${belief.request} was told token ${belief.token}, which was never given out`;
      violations.push({ checker: this.name, atMs: belief.fromMs, message });
    }
    return violations;
  },
};

function problemOf(step: LockStep, tenure: Tenure, last: Tenure | undefined): string | undefined {
  if (tenure.epoch !== step.shardEpoch) {
    return `${tenure.request} was granted at epoch ${tenure.epoch}, the shard is at ${step.shardEpoch}`;
  }
  if (last === undefined || tenure.token > last.token) return undefined;
  const together =
    tenure.token === last.token &&
    tenure.grantedOrder === last.grantedOrder &&
    tenure.mode === "shared" &&
    last.mode === "shared";
  if (together) return undefined;
  return `${step.lock}: token ${tenure.token} of ${tenure.request} is not above ${last.token} of ${last.request}`;
}
