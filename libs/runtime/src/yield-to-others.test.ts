import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test("a process that yields comes after those that do not", () => {
  const module = fileURLToPath(new URL("yield-to-others.ts", import.meta.url));
  const script = `
    const { yieldToOthers } = await import(${JSON.stringify(module)});
    yieldToOthers({ warn: () => {} });
    const { getPriority } = await import("node:os");
    console.log(getPriority());`;
  const args = ["--input-type=module", "-e", script];
  expect(Number(execFileSync(process.execPath, args, { encoding: "utf8" }))).toBe(10);
});
