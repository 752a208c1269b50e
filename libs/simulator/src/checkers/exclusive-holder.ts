import type { Tenure } from "../history/lock-step.ts";
import type { Checker, Run, Violation } from "../history/run.ts";
import { exclude, treeOf } from "./interference.ts";

/**
 * In the store a lock never has two exclusive holders, nor an exclusive one beside a shared one;
 * where names are paths, no more does a lock together with one above or below it.
 */
export const exclusiveHolder: Checker = {
  name: "exclusive-holder",
  check(run: Run): Violation[] {
    const violations: Violation[] = [];
    const holding = new Map<string, Map<string, readonly Tenure[]>>();
    for (const { atMs, lock, granted, holders } of run.steps) {
      const tree = holding.get(treeOf(lock)) ?? new Map<string, readonly Tenure[]>();
      holding.set(treeOf(lock), tree);
      tree.set(lock, holders);
      for (const tenure of granted) {
        const others = [...tree.values()].flat().filter((other) => other !== tenure);
        const other = others.find((it) => exclude(it, tenure));
        if (other === undefined) continue;
        const names = [other, tenure].map(({ request, mode }) => `${request} (${mode})`);
        const where = other.lock === lock ? lock : `${lock} with ${other.lock}`;
        const message = `${where} is held by ${names.join(" and ")}`;
        violations.push({ checker: this.name, atMs, message });
      }
    }
    return violations;
  },
};
