import type { Checker, Run, Violation } from "../history/run.ts";

/**
 * In the store a lock never has two exclusive holders, nor an exclusive one beside a shared one.
 */
export const exclusiveHolder: Checker = {
  name: "exclusive-holder",
  check(run: Run): Violation[] {
    const violations: Violation[] = [];
    for (const { atMs, lock, granted, holders } of run.steps) {
      if (granted.length === 0 || holders.length < 2) continue;
      if (holders.every((holder) => holder.mode === "shared")) continue;
      const names = holders.map((holder) => `${holder.request} (${holder.mode})`).join(" and ");
      violations.push({ checker: this.name, atMs, message: `${lock} is held by ${names}` });
    }
    return violations;
  },
};
