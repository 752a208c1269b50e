import { readFileSync } from "node:fs";
import type { ToolName } from "./tool.ts";

/**
 * What came of looking for each tool, as `npm test` writes it to the file that HOLDFAST_TOOLS_JSON
 * names: a tool that cannot be had is then not searched again by every suite that wants it.
 */
export type SearchReport = Readonly<
  Partial<
    Record<
      ToolName,
      { readonly path: string; readonly version: string } | { readonly missing: string }
    >
  >
>;

/** Why `tool` cannot be had, if an earlier search of this run has found that out. */
export function knownToBeMissing(
  tool: ToolName,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const file = env.HOLDFAST_TOOLS_JSON;
  if (file === undefined || file === "") return undefined;
  let report: SearchReport;
  try {
    report = JSON.parse(readFileSync(file, "utf8")) as SearchReport;
  } catch {
    // A suite that runs before the search has ended; it has to look for itself.
    return undefined;
  }
  const told = report[tool];
  return told !== undefined && "missing" in told ? told.missing : undefined;
}
