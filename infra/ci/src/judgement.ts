import type { SearchReport } from "@holdfast/toolchain/search-report";
import type { Counts } from "./outcome.ts";
import type { GroupEnd } from "./process-group.ts";
import type { Suite } from "./suite.ts";
import type { VitestReport } from "./vitest-report.ts";

/** Counts with the reasons. */
export interface Judgement extends Counts {
  readonly notes: readonly string[];
}

/**
 * Decides what a run was worth. Whatever looks like success without a test that passed counts as a
 * failure: a suite that runs nothing would otherwise be green for ever.
 */
export function judge(
  suite: Suite,
  end: GroupEnd,
  counted: VitestReport | undefined,
  tools: SearchReport,
): Judgement {
  const { passed, failed, skipped } = counted ?? { passed: 0, failed: 0, skipped: 0 };
  const notes = [...(counted?.failures ?? []).map((name) => `failed: ${name}`)];
  const lacking = suite.tools.flatMap((tool) => {
    const report = tools[tool];
    return report !== undefined && "missing" in report ? [report.missing] : [];
  });
  if (skipped > 0) {
    const reasons = lacking.length > 0 ? lacking : ["each with its reason in the output above"];
    notes.push(...reasons.map((reason) => `${skipped} skipped: ${reason}`));
  }
  const failure = failureOf(suite, end, counted, lacking.length > 0);
  if (failure !== undefined) notes.push(failure);
  if (suite.kind === "check") {
    return {
      passed: failure === undefined ? 1 : 0,
      failed: failure === undefined ? 0 : 1,
      skipped,
      notes,
    };
  }
  return { passed, failed: failed + (failure === undefined ? 0 : 1), skipped, notes };
}

/** What is wrong beyond failing tests; undefined when nothing is. */
function failureOf(
  suite: Suite,
  end: GroupEnd,
  counted: VitestReport | undefined,
  lacksTools: boolean,
): string | undefined {
  if (end.kind === "stopped") {
    return end.why === "interrupted"
      ? "interrupted"
      : `did not end within ${Math.round(suite.timeoutMs / 60_000)} min and was stopped`;
  }
  if (suite.kind === "check") {
    return end.code === 0 ? undefined : `ended with exit code ${end.code}`;
  }
  if (counted === undefined) return "wrote no report";
  if (counted.passed + counted.failed + counted.skipped === 0) return "ran no test";
  if (counted.passed + counted.failed === 0 && !lacksTools) return "skipped every test";
  if (end.code !== 0 && counted.failed === 0) {
    return `ended with exit code ${end.code} though no test failed`;
  }
  if (end.leftBehind.length === 0) return undefined;
  return `left running, and killed: ${end.leftBehind.join(", ")}`;
}
