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
  let last: ToolProgress | undefined;
  let ticking: NodeJS.Timeout | undefined;
  const paint = (event: ToolProgress): void => {
    paintedMs = nowMs();
    const text = progressText(event, paintedMs - startedMs);
    // A line that wraps could not be taken back.
    const line = `\r\x1b[2K${text.slice(0, (stream.columns ?? 80) - 1)}`;
    stream.write(stream.isTTY === true ? line : `${text}\n`);
  };
  return {
    report(event) {
      const isNew = event.message !== last?.message;
      last = event;
      const everyMs = stream.isTTY === true ? REPAINT_MS : LOG_EVERY_MS;
      // Counts that rush by are thinned out; a new step is shown at once on a terminal.
      if (nowMs() - paintedMs >= everyMs || (isNew && stream.isTTY === true)) paint(event);
      // A linker says nothing for many seconds: the time goes on all the same.
      if (stream.isTTY === true) ticking ??= setInterval(() => last && paint(last), 1_000).unref();
    },
    clear() {
      clearInterval(ticking);
      ticking = undefined;
      if (last !== undefined && stream.isTTY === true) stream.write("\r\x1b[2K");
      last = undefined;
    },
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
