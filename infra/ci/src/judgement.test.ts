import { describe, expect, it } from "vitest";
import { judge } from "./judgement.ts";
import type { GroupEnd } from "./process-group.ts";
import type { Suite } from "./suite.ts";

const suite: Suite = { name: "drills", kind: "vitest", timeoutMs: 60_000, tools: ["etcd"] };
const check: Suite = { name: "lint", kind: "check", timeoutMs: 60_000, tools: [] };
const etcd = { etcd: { path: "etcd", version: "3.6.16" } };
const noEtcd = { etcd: { missing: "no Go and no Docker" } };
const exited = (code: number): GroupEnd => ({ kind: "exited", code, leftBehind: [] });
const counted = (passed: number, failed: number, skipped: number) => ({
  passed,
  failed,
  skipped,
  failures: Array.from({ length: failed }, (_, index) => `test ${index}`),
});

describe("a suite", () => {
  it("counts as its tests do", () => {
    const judgement = judge(suite, exited(1), counted(5, 1, 0), etcd);
    expect(judgement).toMatchObject({ passed: 5, failed: 1, skipped: 0 });
    expect(judgement.notes).toEqual(["failed: test 0"]);
  });

  it.each([
    ["ran no test", exited(1), counted(0, 0, 0)],
    ["wrote no report", exited(1), undefined],
    ["skipped every test", exited(0), counted(0, 0, 4)],
    ["ended with exit code 1 though no test failed", exited(1), counted(4, 0, 0)],
    ["did not end within 1 min and was stopped", { kind: "stopped", why: "timeout" }, undefined],
    [
      "left running, and killed: etcd (pid 7)",
      { kind: "exited", code: 0, leftBehind: ["etcd (pid 7)"] },
      counted(4, 0, 0),
    ],
  ] as const)("fails that %s", (why, end, counts) => {
    const { failed, notes } = judge(suite, end, counts, etcd);
    expect(failed).toBe(1);
    expect(notes).toContain(why);
  });

  it("may skip all of its tests for a tool that cannot be had, with the reason", () => {
    const judgement = judge(suite, exited(0), counted(0, 0, 4), noEtcd);
    expect(judgement).toMatchObject({ passed: 0, failed: 0, skipped: 4 });
    expect(judgement.notes).toEqual(["4 skipped: no Go and no Docker"]);
  });

  it("fails that has no test even when a tool is missing", () => {
    expect(judge(suite, exited(0), counted(0, 0, 0), noEtcd).failed).toBe(1);
  });
});

describe("a check", () => {
  it("counts as one test, by its exit code", () => {
    expect(judge(check, exited(0), undefined, {})).toMatchObject({ passed: 1, failed: 0 });
    expect(judge(check, exited(2), undefined, {})).toMatchObject({
      passed: 0,
      failed: 1,
      notes: ["ended with exit code 2"],
    });
  });
});
