import { expect, it } from "vitest";
import { summaryText, timeText } from "./summary.ts";

it("shows a row for each suite, the reasons, and the counts as last line", () => {
  const outcomes = [
    { suite: "lint", passed: 1, failed: 0, skipped: 0, durationMs: 700, notes: [] },
    { suite: "unit", passed: 90, failed: 2, skipped: 0, durationMs: 9_000, notes: ["failed: x"] },
    { suite: "e2e", passed: 0, failed: 0, skipped: 3, durationMs: 100, notes: ["3 skipped: y"] },
  ];
  expect(summaryText(outcomes, 75_000).split("\n")).toEqual([
    "         suite  passed  failed  skipped   time",
    "passed   lint        1       0        0  0.7 s",
    "FAILED   unit       90       2        0  9.0 s",
    "skipped  e2e         0       0        3  0.1 s",
    "",
    "unit: failed: x",
    "e2e: 3 skipped: y",
    "",
    "3 suites in 1 min 15 s",
    "91 passed, 2 failed, 3 skipped",
  ]);
});

it("leaves out the skipped when there are none", () => {
  const outcome = { suite: "a", passed: 1, failed: 0, skipped: 0, durationMs: 1, notes: [] };
  expect(summaryText([outcome], 1)).toMatch(/\n1 passed, 0 failed$/);
});

it("tells times in seconds, then in minutes", () => {
  expect([0, 59_949, 59_950, 3_605_000].map(timeText)).toEqual([
    "0.0 s",
    "59.9 s",
    "1 min 00 s",
    "60 min 05 s",
  ]);
});
