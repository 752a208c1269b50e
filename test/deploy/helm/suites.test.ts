import { describe, expect, it } from "vitest";
import { chart } from "./rendered.ts";
import { run, toolPaths } from "./tools.ts";

const { paths, missing } = await toolPaths(["helm-unittest"]);

describe.skipIf(missing !== undefined)("helm-unittest", () => {
  it("finds every switch, refusal and setting of the chart as its suites say", async () => {
    const ended = await run(paths["helm-unittest"], ["--color=false", chart]);
    expect(ended.stdout).toMatch(/^Tests: {7}\d+ passed, \d+ total$/m);
    expect(ended.code).toBe(0);
    console.log(/^Tests:.*$/m.exec(ended.stdout)?.[0]);
  });

  it("fails where the chart does something else", async () => {
    const file = "ci/small-values.yaml";
    const ended = await run(paths["helm-unittest"], [
      ...["--color=false", "--file", "tests/coordinator_test.yaml", "--values", `${chart}/${file}`],
      chart,
    ]);
    expect(ended.code).not.toBe(0);
  });
});
