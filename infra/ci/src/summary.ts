import { type Outcome, totals } from "./outcome.ts";

/** The table of suites, the reasons, and as last line the counts. */
export function summaryText(outcomes: readonly Outcome[], durationMs: number): string {
  const rows = outcomes.map((outcome) => [
    outcome.failed > 0 ? "FAILED" : outcome.passed > 0 ? "passed" : "skipped",
    outcome.suite,
    String(outcome.passed),
    String(outcome.failed),
    String(outcome.skipped),
    timeText(outcome.durationMs),
  ]);
  const header = ["", "suite", "passed", "failed", "skipped", "time"];
  const notes = outcomes.flatMap(({ suite, notes }) => notes.map((note) => `${suite}: ${note}`));
  const { passed, failed, skipped } = totals(outcomes);
  return [
    ...tableLines([header, ...rows]),
    ...(notes.length > 0 ? ["", ...notes] : []),
    "",
    `${outcomes.length} suites in ${timeText(durationMs)}`,
    `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`,
  ].join("\n");
}

/** Seconds with a decimal below a minute, minutes and seconds above. */
export function timeText(durationMs: number): string {
  if (durationMs < 59_950) return `${(durationMs / 1000).toFixed(1)} s`;
  const seconds = Math.round(durationMs / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
}

/** Names to the left, numbers to the right. */
function tableLines(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd(),
  );
}
