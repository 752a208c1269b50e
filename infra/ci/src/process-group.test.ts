import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type GroupEnd, runInGroup } from "./process-group.ts";

interface Run {
  readonly end: GroupEnd;
  readonly lines: readonly string[];
}

async function run(
  script: string,
  timeoutMs = 5_000,
  signal?: AbortSignal,
  yields = false,
): Promise<Run> {
  const lines: string[] = [];
  const end = await runInGroup({
    script,
    cwd: import.meta.dirname,
    env: process.env,
    timeoutMs,
    yields,
    signal: signal ?? new AbortController().signal,
    onLine: (line) => lines.push(line),
  });
  return { end, lines };
}

/** Does the process whose pid a script printed still exist? */
function isRunning(pid: string | undefined): boolean {
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch {
    return false;
  }
}

describe("a command in a process group", () => {
  it("hands on the lines of both streams and the exit code", async () => {
    const { end, lines } = await run("echo out; echo err >&2; exit 3");
    expect(lines.toSorted()).toEqual(["err", "out"]);
    expect(end).toEqual({ kind: "exited", code: 3, leftBehind: [] });
  });

  it("is stopped after its time, with all it started", async () => {
    const { end, lines } = await run("sleep 300 & echo $!; wait", 300);
    expect(end).toEqual({ kind: "stopped", why: "timeout" });
    await expect.poll(() => isRunning(lines[0]), { timeout: 5_000 }).toBe(false);
  });

  it("is stopped when the run is interrupted, and not even started after that", async () => {
    const interrupted = new AbortController();
    setTimeout(() => interrupted.abort(), 200);
    const { end } = await run("sleep 300", 5_000, interrupted.signal);
    expect(end).toEqual({ kind: "stopped", why: "interrupted" });
    const { lines } = await run("echo started", 5_000, interrupted.signal);
    expect(lines).toEqual([]);
  });

  it("names what it left running, and ends it", async () => {
    const { end, lines } = await run("sleep 300 & echo $!");
    const leftBehind = [expect.stringContaining("sleep (pid")];
    expect(end).toEqual({ kind: "exited", code: 0, leftBehind });
    await expect.poll(() => isRunning(lines[0]), { timeout: 5_000 }).toBe(false);
  });

  it("has the lowest priority if it yields, and so has its session where sessions have one", async () => {
    const script = "nice; sleep 0.3; cat /proc/self/autogroup 2>/dev/null || true";
    const { lines } = await run(script, 5_000, undefined, true);
    const session = existsSync("/proc/self/autogroup") ? [expect.stringMatching(/ nice 19$/)] : [];
    expect(lines).toEqual(["19", ...session]);
  });
});
