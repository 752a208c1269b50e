import { findTool } from "@holdfast/toolchain/find-tool";
import type { SearchReport } from "@holdfast/toolchain/search-report";
import type { ToolName, ToolProgress } from "@holdfast/toolchain/tool";

/** How often a long build says that it is still going on. */
const sayEveryMs = 15_000;

/** Tools that are being looked for, and what was found. */
export interface ToolSearch {
  /** Resolves when all of these were looked for, with what was found so far. */
  of(names: readonly ToolName[]): Promise<SearchReport>;
}

/**
 * Finds or builds the tools, one after the other: two Go builds at once would need twice the
 * memory. `onFound` hears of each what is known from then on.
 */
export function gatherTools(
  names: readonly ToolName[],
  signal: AbortSignal,
  say: (line: string) => void,
  onFound: (report: SearchReport) => void,
): ToolSearch {
  const report: { -readonly [Name in keyof SearchReport]: SearchReport[Name] } = {};
  const searches = new Map<ToolName, Promise<void>>();
  let last = Promise.resolve();
  for (const name of names) {
    last = last.then(async () => {
      report[name] = await gather(name, signal, say);
      onFound(report);
    });
    searches.set(name, last);
  }
  // Whoever waits for a tool is told; nobody may, where the run is interrupted.
  last.catch(() => {});
  return {
    of: async (wanted) => {
      await Promise.all(wanted.map((name) => searches.get(name)));
      return report;
    },
  };
}

async function gather(
  name: ToolName,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<NonNullable<SearchReport[ToolName]>> {
  const startedMs = performance.now();
  const result = await findTool(name, { signal, progress: thinnedOut(say) });
  const tookS = Math.round((performance.now() - startedMs) / 1000);
  if (result.kind === "found") {
    say(`${name} ${result.version} (${tookS} s): ${result.why}`);
    return { path: result.path, version: result.version };
  }
  say(`${name} cannot be had (${tookS} s): ${result.reason}`);
  return { missing: result.reason };
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
