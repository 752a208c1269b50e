import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import {
  isSameProcess,
  processCommand,
  processIdentity,
  startTimeFromStat,
} from "./process-identity.ts";

test("a process keeps its identity while it lives and loses it at once when it ends", async () => {
  const child = spawn("sleep", ["30"]);
  const pid = child.pid as number;
  const identity = processIdentity(pid) as string;
  expect(identity).toBeDefined();
  expect(isSameProcess(pid, identity)).toBe(true);
  expect(processCommand(pid)).toBe("sleep 30");
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(processIdentity(pid)).toBeUndefined();
});

test("another process with the same pid is not the same process", () => {
  const own = processIdentity(process.pid) as string;
  expect(isSameProcess(process.pid, `${own}1`)).toBe(false);
});

test("pids that no process has are nobody", () => {
  for (const pid of [0, -1, 1.5, Number.NaN, 2 ** 22 + 1]) {
    expect(processIdentity(pid)).toBeUndefined();
  }
});

test("the start time is found behind a command name with blanks and parentheses", () => {
  const numbers = Array.from({ length: 40 }, (_, i) => i + 4).join(" ");
  expect(startTimeFromStat(`7 (a) b (c)) S ${numbers}`)).toBe("22");
});

test("a zombie counts as dead", () => {
  const numbers = Array.from({ length: 40 }, (_, i) => i + 4).join(" ");
  expect(startTimeFromStat(`7 (etcd) Z ${numbers}`)).toBeUndefined();
});
