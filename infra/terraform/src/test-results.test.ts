import { expect, it } from "vitest";
import { testRuns } from "./test-results.ts";

const at = { "@testfile": "tests/dns.tftest.hcl", "@testrun": "no_health_check" };

it("a run that fails tells what is wrong with it", () => {
  const stdout = [
    { type: "version" },
    { ...at, "@testrun": "shares", type: "test_run", test_run: { status: "pass" } },
    { ...at, type: "test_run", test_run: { status: "fail" } },
    {
      ...at,
      type: "diagnostic",
      diagnostic: { severity: "error", summary: "Test assertion failed", detail: "no check" },
    },
  ]
    .map((line) => JSON.stringify(line))
    .join("\n");
  expect(testRuns(stdout)).toEqual([
    { file: "dns", run: "shares", isPassed: true, faults: [] },
    {
      file: "dns",
      run: "no_health_check",
      isPassed: false,
      faults: ["Test assertion failed: no check"],
    },
  ]);
});

it("a run that was begun and not ended has not passed", () => {
  const stdout = JSON.stringify({ ...at, type: "test_run", test_run: { progress: "starting" } });
  expect(testRuns(stdout)).toMatchObject([{ run: "no_health_check", isPassed: false }]);
});
