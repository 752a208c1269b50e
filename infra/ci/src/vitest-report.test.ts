import { expect, it } from "vitest";
import { countsOf } from "./vitest-report.ts";

const file = (status: string, message: string, ...statuses: string[]) => ({
  name: "a.test.ts",
  status,
  message,
  assertionResults: statuses.map((each, index) => ({ status: each, fullName: `test ${index}` })),
});

it("counts tests by what became of them", () => {
  const testResults = [file("failed", "", "passed", "failed", "skipped", "pending", "passed")];
  expect(countsOf(JSON.stringify({ testResults }))).toEqual({
    passed: 2,
    failed: 1,
    skipped: 2,
    failures: ["test 1"],
  });
});

it("counts a file that could not be loaded as one failure", () => {
  const testResults = [file("failed", "cannot find module\nat x"), file("passed", "", "passed")];
  expect(countsOf(JSON.stringify({ testResults }))).toEqual({
    passed: 1,
    failed: 1,
    skipped: 0,
    failures: ["a.test.ts: cannot find module"],
  });
});
