import { execFileSync } from "node:child_process";
import { findTool } from "@holdfast/toolchain/find-tool";
import type { ToolName } from "@holdfast/toolchain/tool";

/** A tool that tests need: its path, or why it cannot be had, which is printed once. */
export async function toolFor(tool: ToolName, what: string) {
  const found = await findTool(tool);
  if (found.kind === "missing") console.warn(`skipped, ${what}: ${found.reason}`);
  return found.kind === "found"
    ? { path: found.path, missing: undefined }
    : { path: "", missing: found.reason };
}

/** Runs a tool to its end; what it printed on both streams, and whether it liked what it read. */
export function runTool(file: string, args: readonly string[], cwd?: string) {
  try {
    const output = execFileSync(file, args, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 110_000,
      ...(cwd !== undefined && { cwd }),
    });
    return { ok: true, output };
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    return { ok: false, output: `${stdout}${stderr}` };
  }
}
