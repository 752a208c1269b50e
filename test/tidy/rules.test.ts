import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { judge } from "./judge.ts";
import { repositoryOf } from "./repository.ts";
import { unfinishedNotes } from "./rules/unfinished-notes.ts";
import { rules } from "./rules.ts";
import { violationText } from "./violation.ts";

describe("the rules", () => {
  it.each(rules)("have planted violations: $name", ({ name }) => {
    expect(existsSync(join(import.meta.dirname, "rules", `${name}.test.ts`))).toBe(true);
  });

  it("print the place, what is wrong and the way out", () => {
    const violation = { path: "a.ts", line: 3, wrong: "wrong", wayOut: "right" };
    expect(violationText(violation)).toBe("a.ts:3  wrong\n    way out: right");
    expect(violationText({ ...violation, line: 0 })).toBe("a.ts  wrong\n    way out: right");
  });
});

describe("allowances", () => {
  const repository = repositoryOf({ "docs/a.md": ["TO", "DO"].join("") });
  const row = { rule: "unfinished-notes", path: "docs/*.md", reason: "a quotation" };

  it.each([
    ["sets aside what it covers", row, 0],
    ["covers no other rule", { ...row, rule: "sizes" }, 1],
    ["covers no other path", { ...row, path: "docs/b.md" }, 1],
    ["covers no violation it is not about", { ...row, about: "something else" }, 1],
  ])("%s", (_says, allowance, remaining) => {
    const verdict = judge(unfinishedNotes, repository, [allowance]);
    expect(verdict.violations).toHaveLength(remaining);
    expect(verdict.excused).toHaveLength(1 - remaining);
  });
});
