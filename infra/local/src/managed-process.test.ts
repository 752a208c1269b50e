import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { getPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ManagedProcess } from "./managed-process.ts";

function started(yields: boolean): number {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-managed-"));
  const spec = {
    ...{ name: "sleep", file: "sleep", args: ["60"], env: {}, yields },
    logPath: join(folder, "sleep.log"),
    stopGraceMs: 1_000,
    watchReady: () => () => true,
  };
  const managed = new ManagedProcess(spec, () => {});
  onTestFinished(async () => {
    await managed.stop();
    rmSync(folder, { recursive: true });
  });
  managed.start();
  return managed.pid ?? 0;
}

test("a process that yields has the lowest priority, and its session, too", () => {
  const [yielding, other] = [started(true), started(false)];
  expect(getPriority(yielding)).toBe(19);
  expect(getPriority(other)).toBe(getPriority());
  const group = `/proc/${yielding}/autogroup`;
  if (existsSync(group)) expect(readFileSync(group, "utf8").trim()).toMatch(/ nice 19$/);
});
