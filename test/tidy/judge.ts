import { type Allowance, covers } from "./allowances.ts";
import type { Repository } from "./repository.ts";
import type { Rule } from "./rule.ts";
import type { Violation } from "./violation.ts";

/** What one rule found, after the allowances. */
export interface Verdict {
  readonly rule: Rule;
  readonly violations: readonly Violation[];
  readonly excused: readonly { violation: Violation; allowance: Allowance }[];
}

/** Runs `rule` and sets aside what an allowance covers. */
export function judge(
  rule: Rule,
  repository: Repository,
  allowances: readonly Allowance[],
): Verdict {
  const violations: Violation[] = [];
  const excused: { violation: Violation; allowance: Allowance }[] = [];
  for (const violation of rule.check(repository)) {
    const allowance = allowances.find((candidate) => covers(candidate, rule.name, violation));
    if (allowance === undefined) violations.push(violation);
    else excused.push({ violation, allowance });
  }
  return { rule, violations, excused };
}
