import { writeFileSync } from "node:fs";
import type { SearchReport } from "@holdfast/toolchain/search-report";
import type { ToolName } from "@holdfast/toolchain/tool";
import { gatherTools } from "./gather-tools.ts";
import type { Outcome } from "./outcome.ts";
import { type RunContext, runSuite } from "./run-suite.ts";
import type { Suite } from "./suite.ts";
import { timeText } from "./summary.ts";

/**
 * Runs the suites one after the other, and with them those that run beside others. The tools are
 * looked for and built meanwhile; the suites that start them wait for the end of that. One suite's
 * failure stops no other.
 */
export async function runSuites(suites: readonly Suite[], context: RunContext): Promise<Outcome[]> {
  const gathering = gather(suites, context);
  const outcomes: Promise<Outcome>[] = [];
  for (const suite of suites) {
    if (context.signal.aborted) break;
    const tools = suite.tools.length > 0 ? await gathering : {};
    const outcome = runToEnd(suite, tools, context);
    outcomes.push(outcome);
    if (suite.runsBeside !== true) await outcome;
  }
  await gathering;
  return Promise.all(outcomes);
}

async function runToEnd(suite: Suite, tools: SearchReport, context: RunContext): Promise<Outcome> {
  context.say(suite.name, "starts");
  const outcome = await runSuite(suite, tools, context);
  const { passed, failed, skipped, durationMs } = outcome;
  const counts = `${passed} passed, ${failed} failed, ${skipped} skipped`;
  context.say(suite.name, `${counts}, ${timeText(durationMs)}`);
  return outcome;
}

async function gather(suites: readonly Suite[], context: RunContext): Promise<SearchReport> {
  const names: ToolName[] = [...new Set(suites.flatMap(({ tools }) => tools))];
  const report = await gatherTools(names, context.signal, (line) => context.say("tools", line));
  writeFileSync(context.toolsFile, JSON.stringify(report, null, 2));
  return report;
}
