import type { Aftermath, Findings } from "./global-drill.ts";

/** Of a drill that stops everything: once all is mended, locks are granted again. */
export function grantsAfterwards({ events, tenures }: Aftermath): Findings {
  const mendedMs = events.flatMap((event) => (event.kind === "fault" ? event.untilMs : []));
  const lastMs = Math.max(0, ...mendedMs);
  const granted = tenures.filter(
    ({ result, returnMs }) => result === "granted" && returnMs > lastMs,
  );
  const firstMs = Math.min(...granted.map(({ returnMs }) => returnMs));
  const problems = granted.length === 0 ? ["nothing was granted after everything was mended"] : [];
  return { problems, figures: { recovery_ms: granted.length === 0 ? 0 : firstMs - lastMs } };
}
