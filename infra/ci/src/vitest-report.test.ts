import { expect, it } from "vitest";
import { reportOf } from "./vitest-report.ts";

const tested = (fullName: string, state: string, ...messages: string[]) => ({
  fullName,
  state,
  errors: messages.map((message) => ({ message })),
});

it("counts tests by what became of them, and says what was wrong", () => {
  const states = ["passed", "skipped", "pending", "passed"];
  const tests = states.map((state) => tested("a test", state));
  const failed = tested("the failed one", "failed", "expected 1\n\nto be 2");
  expect(reportOf([...tests, failed], [])).toEqual({
    passed: 2,
    failed: 1,
    skipped: 2,
    failures: ["the failed one\n    expected 1\n    to be 2"],
  });
});

it("counts a file that could not be loaded, and a group that was not prepared, once each", () => {
  const skipped = [1, 2, 3].map((index) => tested(`test ${index}`, "skipped"));
  const group = tested("a group", "failed", "no server");
  const file = tested("a.test.ts", "failed", "cannot find a module");
  const report = reportOf(skipped, [group, file, tested("b.test.ts", "passed")]);
  expect(report).toMatchObject({ passed: 0, failed: 2, skipped: 3 });
  expect(report.failures).toEqual([
    "a group\n    no server",
    "a.test.ts\n    cannot find a module",
  ]);
});

it("keeps the beginning of a long error", () => {
  const lines = Array.from({ length: 100 }, (_, index) => `line ${index} ${"x".repeat(300)}`);
  const [failure] = reportOf([tested("t", "failed", lines.join("\n"))], []).failures;
  expect(failure?.length).toBe(1_000);
});
