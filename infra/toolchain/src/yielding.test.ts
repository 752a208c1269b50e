import { mkdtempSync, rmSync } from "node:fs";
import { getPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ServerProcess } from "./server-process.ts";
import { yielding } from "./yielding.ts";

test("a server that yields runs with a lower priority, under the pid that is told", async () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-yielding-"));
  const own = getPriority();
  const spec = {
    title: "sleeper",
    file: process.execPath,
    args: ["-e", "setTimeout(() => {}, 30_000)"],
    logPath: join(folder, "log"),
    isReady: (pid: number) => getPriority(pid) > own,
    startTimeoutMs: 5_000,
    stopGraceMs: 1_000,
  };
  await using server = new ServerProcess(yielding(spec));
  server.start();
  expect(await server.waitReady(), server.describeFailure()).toBe(true);
  expect(getPriority(server.pid ?? 0)).toBe(Math.min(own + 10, 19));
  await server.stop();
  rmSync(folder, { recursive: true });
});
