import { expect, it } from "vitest";
import { reportOf } from "./report.ts";

it("ends with how many checks passed and failed", () => {
  const lines = reportOf("a cluster", [
    { name: "install", outcome: "passed", seconds: 61.4, text: "27 pods" },
    { name: "a zone is cut", outcome: "skipped", seconds: 0, text: "skipped: nobody can" },
    { name: "drain", outcome: "failed", seconds: 120, text: "2 locks were lost" },
  ]).split("\n");
  expect(lines).toEqual([
    "a cluster",
    "ok         61 s  install: 27 pods",
    "skipped     0 s  a zone is cut: skipped: nobody can",
    "FAILED    120 s  drain: 2 locks were lost",
    "1 passed, 1 failed, 1 skipped, in 3.0 minutes",
  ]);
});
