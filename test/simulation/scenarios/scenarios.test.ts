import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { ruleMutants } from "../mutants.ts";

const main = fileURLToPath(new URL("../main.ts", import.meta.url));

/**
 * Plays a scenario in a process of its own, honest or sabotaged; what it printed and how it ended.
 */
function play(scenario: string, mutant?: string) {
  const args = ["--scenario", scenario, ...(mutant === undefined ? [] : ["--mutant", mutant])];
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    encoding: "utf8",
    timeout: 60_000,
  });
  return { status, text: stdout + stderr };
}

for (const { scenario, name, phrase } of ruleMutants) {
  test(`${scenario}: what the rule promises holds, and breaks without it: ${phrase}`, () => {
    const honest = play(scenario);
    expect(honest.text).not.toContain("BROKEN");
    expect(honest.status).toBe(0);
    const sabotaged = play(scenario, name);
    expect(sabotaged.text).toContain("BROKEN");
    expect(sabotaged.status).toBe(1);
  });
}
