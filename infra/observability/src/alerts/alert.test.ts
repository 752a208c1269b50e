import { expect, test } from "vitest";
import { runbookFile } from "./alert.ts";

test("a runbook has its alert's name, in words", () => {
  expect(runbookFile({ name: "HoldfastJournalLag" })).toBe("journal-lag.md");
  expect(runbookFile({ name: "HoldfastSloBurnFast" })).toBe("slo-burn-fast.md");
});
