import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { minimise, type Verdict } from "./check-history.ts";
import type { Coverage } from "./coverage.ts";
import type { FaultEvent, HistoryEvent } from "./history-event.ts";
import { reportPage } from "./report-page.ts";

/** A run of a drill, judged. */
export interface DrillReport {
  readonly drill: string;
  readonly seed: number;
  readonly coverage: Coverage;
  readonly verdict: Verdict;
  /** Why the run proves nothing, if so. */
  readonly shortfalls: readonly string[];
  /** What else went wrong, and what else was measured, by key with the unit last. */
  readonly problems?: readonly string[];
  readonly figures?: Readonly<Record<string, number>>;
}

/** Where a report lies. */
export interface ReportFiles {
  readonly json: string;
  readonly html: string;
  /** Everything the clients wrote down. */
  readonly history: string;
}

/**
 * Writes a report into `folder`, which is made. Infinite times become null in the JSON. The page is
 * the interactive one, unless `draw` draws another.
 */
export function writeReport(
  folder: string,
  report: DrillReport,
  events: readonly HistoryEvent[],
  draw?: (report: DrillReport, events: readonly HistoryEvent[]) => string,
): ReportFiles {
  mkdirSync(folder, { recursive: true });
  const files = {
    json: join(folder, "report.json"),
    html: join(folder, "report.html"),
    history: join(folder, "history.jsonl"),
  };
  const { drill, seed, coverage, verdict, shortfalls, problems, figures } = report;
  const faults = events.filter((event): event is FaultEvent => event.kind === "fault");
  const faulty = new Set(verdict.violations.map(({ lock }) => lock));
  const minimal = [...faulty].map((lock) => ({
    lock,
    tenures: minimise(verdict.tenures.filter((tenure) => tenure.lock === lock)),
  }));
  const { violations, unchecked } = verdict;
  const judged = { drill, seed, coverage, figures, problems, shortfalls, violations };
  const all = text({ ...judged, minimal, unchecked, faults, tenures: verdict.tenures });
  writeFileSync(files.json, `${all}\n`);
  writeFileSync(files.history, `${events.map((event) => JSON.stringify(event)).join("\n")}\n`);
  const page = draw?.(report, events) ?? reportPage(`${drill}, seed ${seed}`, all);
  writeFileSync(files.html, page);
  return files;
}

/** JSON; a token is a text, since a number would lose its last digits. */
function text(value: unknown): string {
  return JSON.stringify(value, (_key, item) => (typeof item === "bigint" ? String(item) : item));
}
