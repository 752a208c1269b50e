import { expect, test } from "vitest";
import { cpuMsBetween, cpuMsByPid, cpuMsFromStat, rssBytesFromStatus } from "./process-usage.ts";

test("user and system time are added up, whatever the command is called", () => {
  const rest = "S 1 1 1 0 -1 4194304 100 0 0 0 250 50 7 7 20 0 11 0 1000 1 1";
  expect(cpuMsFromStat(`42 (node) ${rest}`)).toBe(3_000);
  expect(cpuMsFromStat(`42 (a) b (c) ${rest}`)).toBe(3_000);
});

test("a line of another file is refused", () => {
  expect(() => cpuMsFromStat("nonsense")).toThrow("not a line");
  expect(() => rssBytesFromStatus("Name:\tnode\n")).toThrow("VmRSS");
});

test("resident memory is read in bytes", () => {
  expect(rssBytesFromStatus("Name:\tnode\nVmRSS:\t   2048 kB\nThreads:\t11\n")).toBe(2_097_152);
});

test("a process that came or went in between is not counted", () => {
  const before = new Map([
    [1, 100],
    [2, 50],
  ]);
  const after = new Map([
    [1, 130],
    [3, 70],
  ]);
  expect(cpuMsBetween(before, after)).toBe(30);
});

test("a process that is gone is left out", () => {
  // Process ids end at 4,194,304.
  expect([...cpuMsByPid([process.pid, 4_999_999]).keys()]).toEqual([process.pid]);
});
