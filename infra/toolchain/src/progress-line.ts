import type { ToolProgress } from "./tool.ts";

/** Where progress is written; `process.stderr` fits. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface ProgressLine {
  report(event: ToolProgress): void;
  /** Removes the line from a terminal, so that what is printed next starts on a clean one. */
  clear(): void;
}

const REPAINT_MS = 100;
/** In a log file a line now and then shows that something goes on, without filling the file. */
const LOG_EVERY_MS = 10_000;
const BAR_CELLS = 24;

/** Shows a search as one line that repaints itself on a terminal, a line every 10 s elsewhere. */
export function progressLine(
  stream: ProgressStream,
  nowMs: () => number = () => performance.now(),
): ProgressLine {
  const startedMs = nowMs();
  let paintedMs = Number.NEGATIVE_INFINITY;
  let painted = false;
  let lastMessage = "";
  const clear = (): void => {
    if (painted) stream.write("\r\x1b[2K");
    painted = false;
  };
  return {
    report(event) {
      const at = nowMs();
      const isNew = event.message !== lastMessage;
      const everyMs = stream.isTTY === true ? REPAINT_MS : LOG_EVERY_MS;
      // Counts that rush by are thinned out; a new step is shown at once on a terminal.
      if (at - paintedMs < everyMs && !(isNew && stream.isTTY === true)) return;
      paintedMs = at;
      lastMessage = event.message;
      const text = progressText(event, at - startedMs);
      if (stream.isTTY !== true) {
        stream.write(`${text}\n`);
        return;
      }
      // A line that wraps could not be taken back.
      stream.write(`\r\x1b[2K${text.slice(0, (stream.columns ?? 80) - 1)}`);
      painted = true;
    },
    clear,
  };
}

/** "etcd: compiling with Go  ████░░░░  312/640  45 s". */
export function progressText(event: ToolProgress, elapsedMs: number): string {
  const parts = [`${event.tool}: ${event.message}`];
  if (event.done !== undefined && event.total !== undefined && event.total > 0) {
    const filled = Math.round((event.done / event.total) * BAR_CELLS);
    parts.push("█".repeat(filled) + "░".repeat(BAR_CELLS - filled), `${event.done}/${event.total}`);
  }
  parts.push(`${Math.round(elapsedMs / 1000)} s`);
  return parts.join("  ");
}
