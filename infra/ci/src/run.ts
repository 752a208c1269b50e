import { writeFileSync } from "node:fs";
import type { SearchReport } from "@holdfast/toolchain/search-report";
import type { ToolName } from "@holdfast/toolchain/tool";
import { gatherTools, type ToolSearch } from "./gather-tools.ts";
import type { Outcome } from "./outcome.ts";
import { type RunContext, runSuite } from "./run-suite.ts";
import type { Suite } from "./suite.ts";
import { timeText } from "./summary.ts";

/**
 * Runs the suites one after the other, and with them those that run beside others. The tools are
 * looked for and built meanwhile; a suite waits until those it starts were. One suite's failure
 * stops no other.
 */
export async function runSuites(suites: readonly Suite[], context: RunContext): Promise<Outcome[]> {
  const tools = gather(suites, context);
  const outcomes: Promise<Outcome>[] = [];
  for (const suite of suites) {
    if (context.signal.aborted) break;
    const outcome = runToEnd(suite, await tools.of(suite.tools), context);
    outcomes.push(outcome);
    if (suite.runsBeside !== true) await outcome;
  }
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

function gather(suites: readonly Suite[], context: RunContext): ToolSearch {
  const names: ToolName[] = [...new Set(suites.flatMap(({ tools }) => tools))];
  const say = (line: string): void => context.say("tools", line);
  return gatherTools(names, context.signal, say, (report) => {
    writeFileSync(context.toolsFile, JSON.stringify(report, null, 2));
  });
}
