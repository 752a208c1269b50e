import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { ruleMutants } from "./register-mutants.ts";
import { rules } from "./rules.ts";

const main = fileURLToPath(new URL("../main.ts", import.meta.url));

describe.for(rules.map((rule) => [rule.rule, rule] as const))("%s", ([name, rule]) => {
  test(rule.story, () => rule.play());

  test.for(ruleMutants.filter((mutant) => mutant.rule === name))(
    "… and it is told from a build in which $phrase",
    ({ name: mutant, fails }) => {
      const args = [main, "--rule", name, "--mutant", mutant];
      const { status, stdout } = spawnSync(process.execPath, args, { encoding: "utf8" });
      expect(stdout).toContain(fails);
      expect(status).toBe(1);
    },
  );
});

test("every rule has a build without it", () => {
  const named = (all: readonly { readonly rule: string }[]) => all.map(({ rule }) => rule).sort();
  expect(named(ruleMutants)).toEqual(named(rules));
});
