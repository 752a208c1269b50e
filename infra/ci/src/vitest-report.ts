import type { Counts } from "./outcome.ts";

/** The part of vitest's JSON report that is read here. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/** Tests counted, and the names of those that failed. */
export interface VitestCounts extends Counts {
  readonly failures: readonly string[];
}

/**
 * Counts the tests of vitest's JSON report. A file that failed without a failing test counts once.
 */
export function countsOf(reportJson: string): VitestCounts {
  const report = JSON.parse(reportJson) as Report;
  let passed = 0;
  let skipped = 0;
  const failures: string[] = [];
  for (const file of report.testResults) {
    const before = failures.length;
    for (const { status, fullName } of file.assertionResults) {
      if (status === "passed") passed++;
      else if (status === "failed") failures.push(fullName);
      else skipped++;
    }
    // It could not be loaded, or its worker died.
    if (file.status === "failed" && failures.length === before) {
      failures.push(`${file.name}: ${file.message.split("\n")[0] ?? ""}`);
    }
  }
  return { passed, failed: failures.length, skipped, failures };
}
