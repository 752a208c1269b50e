import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const module = fileURLToPath(new URL("yield-to-others.ts", import.meta.url));
const script = `
  const { yieldToOthers } = await import(${JSON.stringify(module)});
  yieldToOthers({ warn: ({ err }) => console.log(err.message) });
  const { getPriority } = await import("node:os");
  const { existsSync, readFileSync } = await import("node:fs");
  const file = "/proc/self/autogroup";
  console.log(getPriority(), existsSync(file) ? readFileSync(file, "utf8").trim() : "none");`;

/** What it prints once it yields; with a session of its own, or in ours. */
function yielded(detached: boolean): string {
  const args = ["--input-type=module", "-e", script];
  const options = { encoding: "utf8", detached } as const;
  return spawnSync(process.execPath, args, options).stdout.trim();
}

test("a process that yields comes after those that do not", () => {
  expect(yielded(false)).toMatch(/^19 /);
});

test.runIf(existsSync("/proc/self/autogroup"))(
  "its session comes after other sessions, if it is the first process of it",
  () => {
    expect(yielded(true)).toMatch(/^19 .* nice 19$/);
    const ours = readFileSync("/proc/self/autogroup", "utf8").trim();
    expect(yielded(false)).toBe(`19 ${ours}`);
  },
);
