import type { Tenure } from "../history/lock-step.ts";
import type { Checker, Run, Violation } from "../history/run.ts";

/**
 * Who believes that it holds a lock does hold it: the store has that very grant, with that token,
 * for as long as the belief lasts. A forced release is the one exception, and is announced as such.
 */
export const beliefTruth: Checker = {
  name: "belief-truth",
  check(run: Run): Violation[] {
    const tenures = new Map<string, Tenure>();
    for (const tenure of run.tenures) tenures.set(`${tenure.grantId} ${tenure.token}`, tenure);
    return run.beliefs.flatMap((belief) => {
      const tenure = tenures.get(`${belief.grantId} ${belief.token}`);
      const who = `${belief.request} on ${belief.lock}`;
      if (tenure === undefined || tenure.grantedOrder > belief.fromOrder) {
        const message = `${who} believes in token ${belief.token}, which the store never had`;
        return [{ checker: this.name, atMs: belief.fromMs, message }];
      }
      if (tenure.endedOrder >= belief.toOrder || tenure.forced) return [];
      const tooLongMs =
        Math.min(belief.toMs, run.endMs) - Math.max(tenure.endedAtMs, belief.fromMs);
      const message = `${who} believes for ${tooLongMs.toFixed(1)} ms more than it holds`;
      return [{ checker: this.name, atMs: Math.max(tenure.endedAtMs, belief.fromMs), message }];
    });
  },
};
