import type { Checker, Run, Violation } from "../history/run.ts";
import { clientOf, silentSpans } from "./client-life.ts";

/** Every request of a living client comes to an answer, soon after what it was ready to wait. */
export const requestAnswered: Checker = {
  name: "request-answered",
  check(run: Run): Violation[] {
    const silent = silentSpans(run);
    const answered = new Set<string>();
    for (const entry of run.history) if (entry.kind === "answered") answered.add(entry.request);
    return run.history.flatMap((entry) => {
      if (entry.kind !== "asked" || answered.has(entry.request)) return [];
      const span = (silent.get(clientOf(entry.request)) ?? []).at(-1);
      const fromMs = Math.max(entry.atMs + entry.waitMs, run.healedAtMs, span?.toMs ?? 0);
      const overdueMs = run.endMs - fromMs;
      if (overdueMs <= run.patience.answerMs) return [];
      const message = `${entry.request} never got an answer (${Math.round(overdueMs)} ms overdue)`;
      return [{ checker: this.name, atMs: run.endMs, message }];
    });
  },
};
