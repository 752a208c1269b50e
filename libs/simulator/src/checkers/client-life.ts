import type { Run } from "../history/run.ts";

/** A stretch of true time. */
export interface Span {
  readonly fromMs: number;
  /** Infinity: to the end. */
  toMs: number;
}

/** The client a request of the workload belongs to: requests are named `client/number`. */
export function clientOf(request: string): string {
  return request.slice(0, request.indexOf("/"));
}

/**
 * When each client was paused, suspended, crashed or closed; clients that never were are missing.
 */
export function silentSpans(run: Run): Map<string, Span[]> {
  const spans = new Map<string, Span[]>();
  for (const entry of run.history) {
    if (entry.kind !== "process" || entry.role !== "client") continue;
    const own = spans.get(entry.name) ?? [];
    const last = own.at(-1);
    const speaks = entry.state === "started" || entry.state === "resumed";
    if (speaks && last !== undefined) last.toMs = Math.min(last.toMs, entry.atMs);
    if (!speaks && (last === undefined || last.toMs < Number.POSITIVE_INFINITY)) {
      own.push({ fromMs: entry.atMs, toMs: Number.POSITIVE_INFINITY });
    }
    spans.set(entry.name, own);
  }
  return spans;
}
