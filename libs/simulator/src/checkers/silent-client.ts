import type { Checker, Run, Violation } from "../history/run.ts";
import { clientOf, silentSpans } from "./client-life.ts";

/**
 * Nobody keeps a silent client's locks alive for it: what it held when it fell silent is gone a ttl
 * later, or a crashed holder would block its lock for ever.
 */
export const silentClient: Checker = {
  name: "silent-client",
  check(run: Run): Violation[] {
    const silent = silentSpans(run);
    return run.tenures.flatMap((tenure) => {
      const boundMs = tenure.ttlMs + run.patience.silenceMs;
      for (const span of silent.get(clientOf(tenure.request)) ?? []) {
        const fromMs = Math.max(span.fromMs, tenure.grantedAtMs);
        const untilMs = Math.min(span.toMs, tenure.endedAtMs, run.endMs);
        if (untilMs - fromMs <= boundMs) continue;
        const message =
          `${tenure.request} is silent, and still holds ${tenure.lock} ` +
          `${Math.round(untilMs - fromMs)} ms later (ttl ${tenure.ttlMs} ms)`;
        return [{ checker: this.name, atMs: fromMs + boundMs, message }];
      }
      return [];
    });
  },
};
