import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test("a process that yields comes after those that do not, with all of its threads", () => {
  const module = fileURLToPath(new URL("yield-to-others.ts", import.meta.url));
  const script = `
    const { yieldToOthers } = await import(${JSON.stringify(module)});
    yieldToOthers({ warn: () => {} });
    const { getPriority } = await import("node:os");
    const { readdirSync, existsSync } = await import("node:fs");
    const tasks = "/proc/self/task";
    const threads = existsSync(tasks) ? readdirSync(tasks).map(Number) : [0];
    console.log(JSON.stringify(threads.map((thread) => getPriority(thread))));`;
  const args = ["--input-type=module", "-e", script];
  const priorities = JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" }));
  expect(priorities).toEqual(priorities.map(() => 10));
});
