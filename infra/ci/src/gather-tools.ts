import { findTool } from "@holdfast/toolchain/find-tool";
import type { SearchReport } from "@holdfast/toolchain/search-report";
import type { ToolName, ToolProgress } from "@holdfast/toolchain/tool";

/** How often a long build says that it is still going on. */
const sayEveryMs = 15_000;

/**
 * Finds or builds the tools, one after the other: two Go builds at once would need twice the
 * memory.
 */
export async function gatherTools(
  names: readonly ToolName[],
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<SearchReport> {
  const report: { -readonly [Name in keyof SearchReport]: SearchReport[Name] } = {};
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
