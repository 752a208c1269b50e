import { describe, expect, it } from "vitest";
import { allowances } from "./allowances.ts";
import { judge } from "./judge.ts";
import { readRepository } from "./read-repository.ts";
import { handWritten } from "./repository.ts";
import { rules } from "./rules.ts";
import { violationText } from "./violation.ts";

describe("the repository", () => {
  const repository = readRepository();
  const verdicts = rules.map((rule) => judge(rule, repository, allowances));

  it.each(verdicts)("keeps the rule $rule.name", ({ rule, violations }) => {
    if (violations.length === 0) return;
    const count = violations.length === 1 ? "one violation" : `${violations.length} violations`;
    expect.fail(`${rule.says}: ${count}\n\n${violations.map(violationText).join("\n")}\n`);
  });

  it("has no allowance that is needed no more", () => {
    const needed = new Set(verdicts.flatMap(({ excused }) => excused.map((row) => row.allowance)));
    const idle = allowances.filter((allowance) => !needed.has(allowance));
    expect(idle, "take these rows out of test/tidy/allowances.ts").toEqual([]);
  });

  it("keeps half of its files within 120 lines", () => {
    const lengths = handWritten(repository)
      .map(({ lineCount }) => lineCount)
      .sort((left, right) => left - right);
    const at = (share: number): number => lengths[Math.floor((lengths.length - 1) * share)] ?? 0;
    console.log(
      `${lengths.length} modules: median ${at(0.5)}, 90th percentile ${at(0.9)}, longest ${at(1)} lines`,
    );
    expect(at(0.5), "median of lines per file").toBeLessThanOrEqual(120);
  });
});
