import type { Tenure } from "../history/lock-step.ts";
import type { Checker, Run, Violation } from "../history/run.ts";
import { clientOf, type Span, silentSpans } from "./client-life.ts";

/**
 * A grant nobody believes in is bounded. When the application has had another answer, or has ceased
 * to believe, what the store still has of its request goes away in time: through a release that was
 * repeated until it was definite, through the session's listing, or with its own ttl.
 */
export const unknownGrant: Checker = {
  name: "unknown-grant",
  check(run: Run): Violation[] {
    const silent = silentSpans(run);
    const unwanted = unwantedSince(run);
    return run.tenures.flatMap((tenure) => {
      const sinceMs = unwanted.get(tenure.request);
      if (sinceMs === undefined) return [];
      const span = (silent.get(clientOf(tenure.request)) ?? []).at(-1);
      const fromMs = Math.max(sinceMs, tenure.grantedAtMs, run.healedAtMs, spokeAgainMs(span));
      const lastedMs = Math.min(tenure.endedAtMs, run.endMs) - fromMs;
      if (lastedMs <= patienceFor(tenure, run)) return [];
      const message =
        `${tenure.request} is not wanted any more, yet holds ${tenure.lock} ` +
        `for another ${Math.round(lastedMs)} ms`;
      return [{ checker: this.name, atMs: fromMs + lastedMs, message }];
    });
  },
};

/** When each request's application wanted nothing of it any more. */
function unwantedSince(run: Run): Map<string, number> {
  const since = new Map<string, number>();
  for (const entry of run.history) {
    if (entry.kind === "answered") {
      if (entry.what === "granted") since.delete(entry.request);
      else since.set(entry.request, since.get(entry.request) ?? entry.atMs);
    } else if (entry.kind === "belief") {
      if (entry.believes) since.delete(entry.request);
      else since.set(entry.request, entry.atMs);
    }
  }
  return since;
}

/** A silent client can clean up nothing: its leases end instead, which another checker watches. */
function spokeAgainMs(span: Span | undefined): number {
  return span === undefined ? 0 : span.toMs;
}

function patienceFor(tenure: Tenure, run: Run): number {
  if (tenure.hasSession) return run.patience.unknownGrantMs;
  return tenure.ttlMs + run.patience.silenceMs;
}
