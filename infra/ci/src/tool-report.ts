import { findTool } from "@holdfast/toolchain/find-tool";
import type { ToolName, ToolProgress } from "@holdfast/toolchain/tool";

/**
 * What came of looking for each tool. Suites find it as JSON in the file that
 * HOLDFAST_TOOLS_JSON names, so that none of them starts a search of its own.
 */
export type ToolReport = Readonly<
  Partial<
    Record<
      ToolName,
      { readonly path: string; readonly version: string } | { readonly missing: string }
    >
  >
>;

/** How often a long build says that it is still going on. */
const sayEveryMs = 15_000;

/** Finds or builds the tools, one after the other: two Go builds at once would need twice the memory. */
export async function gatherTools(
  names: readonly ToolName[],
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<ToolReport> {
  const report: Partial<Record<ToolName, { path: string; version: string } | { missing: string }>> =
    {};
  for (const name of names) {
    const startedMs = performance.now();
    const result = await findTool(name, { signal, progress: thinnedOut(say) });
    const tookS = Math.round((performance.now() - startedMs) / 1000);
    if (result.kind === "found") {
      report[name] = { path: result.path, version: result.version };
      say(`${name} ${result.version} (${tookS} s): ${result.why}`);
    } else {
      report[name] = { missing: result.reason };
      say(`${name} cannot be had (${tookS} s): ${result.reason}`);
    }
  }
  return report;
}

function thinnedOut(say: (line: string) => void): (event: ToolProgress) => void {
  let saidMs = Number.NEGATIVE_INFINITY;
  return ({ tool, message, done, total }) => {
    const nowMs = performance.now();
    if (nowMs - saidMs < sayEveryMs) return;
    saidMs = nowMs;
    say(
      `${tool}: ${message}${done !== undefined && total !== undefined ? ` ${done}/${total}` : ""}`,
    );
  };
}
