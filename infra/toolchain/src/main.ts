import { findTool } from "./find-tool.ts";
import { progressLine } from "./progress-line.ts";
import { isToolName, TOOL_NAMES, type ToolName } from "./tool.ts";

const USAGE = `Usage: node infra/toolchain/src/main.ts [--offline] <tool>…

Finds each tool, or fetches or builds it into the tool cache, and prints a line for each:
name, version, where it came from, path. Tools: ${TOOL_NAMES.join(", ")}.

  --offline   look on PATH and in the cache only

Exit codes: 0 all found, 69 one is missing, 64 wrong usage, 130 interrupted.`;

const EXIT_USAGE = 64;
const EXIT_MISSING = 69;

process.exitCode = await prefetch(process.argv.slice(2));

async function prefetch(args: readonly string[]): Promise<number> {
  if (args.includes("--help")) {
    console.log(USAGE);
    return 0;
  }
  const names = args.filter((arg) => arg !== "--offline");
  const wrong = names.find((name) => !isToolName(name));
  if (wrong !== undefined || names.length === 0) {
    console.error(wrong === undefined ? USAGE : `${wrong} is not a tool.\n\n${USAGE}`);
    return EXIT_USAGE;
  }
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort();
  process.once("SIGINT", interrupt);
  process.once("SIGTERM", interrupt);
  let missing = 0;
  for (const name of names.filter(isToolName)) {
    if (!(await show(name, args.includes("--offline"), interrupted.signal))) missing++;
  }
  if (interrupted.signal.aborted) return 130;
  return missing === 0 ? 0 : EXIT_MISSING;
}

async function show(tool: ToolName, offline: boolean, signal: AbortSignal): Promise<boolean> {
  const line = progressLine(process.stderr);
  const result = await findTool(tool, { progress: line.report, signal, offline });
  line.clear();
  if (result.kind === "missing") {
    console.error(`${tool}: ${result.reason}`);
    return false;
  }
  console.error(`${tool}: ${result.why}`);
  console.log([tool, result.version, result.source, result.path].join("\t"));
  return true;
}
