import { readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { SearchReport } from "@holdfast/toolchain/search-report";
import { reportFileVariable } from "./counting-reporter.ts";
import { judge } from "./judgement.ts";
import type { Outcome } from "./outcome.ts";
import { runInGroup } from "./process-group.ts";
import type { Suite } from "./suite.ts";
import type { VitestReport } from "./vitest-report.ts";

/** What all suites of a run share. */
export interface RunContext {
  readonly root: string;
  /** Scripts of the root package.json. */
  readonly scripts: Readonly<Record<string, string>>;
  /** Where reports are written. */
  readonly resultsDir: string;
  /** The file of HOLDFAST_TOOLS_JSON. */
  readonly toolsFile: string;
  readonly signal: AbortSignal;
  readonly isTerminal: boolean;
  readonly say: (from: string, line: string) => void;
}

/** Runs one suite to its end, within `timeoutMs`; never throws for what the suite does. */
export async function runSuite(
  suite: Suite,
  tools: SearchReport,
  context: RunContext,
): Promise<Outcome> {
  const startedMs = performance.now();
  const report = join(context.resultsDir, `${suite.name}.json`);
  const script = context.scripts[suite.name];
  if (script === undefined) throw new Error(`package.json has no script "${suite.name}"`);
  const end = await runInGroup({
    script,
    cwd: context.root,
    env: { ...environment(context), [reportFileVariable]: report },
    timeoutMs: suite.timeoutMs,
    yields: suite.runsBeside ?? false,
    signal: context.signal,
    onLine: (line) => context.say(suite.name, line),
  });
  const counted = suite.kind === "vitest" ? readReport(report) : undefined;
  const judgement = judge(suite, end, counted, tools);
  return { suite: suite.name, durationMs: performance.now() - startedMs, ...judgement };
}

/** As npm would set it: the repository's own commands first, among them its own Node. */
function environment({ root, toolsFile, isTerminal }: RunContext): NodeJS.ProcessEnv {
  const path = [join(root, "node_modules/.bin"), process.env.PATH ?? ""].join(delimiter);
  // The suites write to a pipe, so they cannot tell whether colours are wanted.
  const colours = isTerminal && !process.env.NO_COLOR ? { FORCE_COLOR: "1" } : { NO_COLOR: "1" };
  return { ...process.env, ...colours, PATH: path, HOLDFAST_TOOLS_JSON: toolsFile };
}

/** undefined when the suite ended before it could write its report. */
function readReport(file: string): VitestReport | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as VitestReport;
  } catch {
    return undefined;
  }
}
