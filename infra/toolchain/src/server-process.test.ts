import { mkdtempSync, rmSync } from "node:fs";
import { getPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { lowestPriority, yieldProcess } from "@holdfast/runtime/lower-priority";
import { expect, onTestFinished, test } from "vitest";
import { ServerProcess } from "./server-process.ts";

function sleeping(yields = false): ServerProcess {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-server-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const server = new ServerProcess({
    title: "sleep",
    file: "sleep",
    args: ["60"],
    yields,
    logPath: join(folder, "sleep.log"),
    isReady: () => true,
    startTimeoutMs: 1_000,
    stopGraceMs: 1_000,
  });
  onTestFinished(() => server.stop());
  server.start();
  return server;
}

test("a server that yields comes after all others, also when it is started once more", async () => {
  const [first, other] = [sleeping(true), sleeping()];
  expect(getPriority(first.pid)).toBe(lowestPriority);
  expect(getPriority(other.pid)).toBe(getPriority());
  await first.restart();
  expect(getPriority(first.pid)).toBe(lowestPriority);
});

test("one that has ended needs none", async () => {
  const server = sleeping();
  const { pid = 0 } = server;
  await server.kill();
  expect(() => yieldProcess(pid)).not.toThrow();
});

test("being stopped and let go on, again and again, leaves nothing behind", async () => {
  const server = sleeping();
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => void warnings.push(warning);
  process.on("warning", onWarning);
  onTestFinished(() => void process.removeListener("warning", onWarning));
  for (let times = 0; times < 10; times++) {
    await server.kill("SIGSTOP");
    await server.kill("SIGCONT");
  }
  await new Promise(setImmediate);
  expect(warnings).toEqual([]);
});
