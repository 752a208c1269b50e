import type { AlertGroup } from "./alert.ts";

/** What must never be. */
export const safetyAlerts: AlertGroup = {
  name: "holdfast-safety",
  alerts: [
    {
      name: "HoldfastSafetyViolation",
      severity: "critical",
      tier: "safety",
      immediate: true,
      // The highest of an hour: an auditor that starts again counts from 0.
      expr: "max by (region, rule) (max_over_time(holdfast_safety_violations_total[1h])) > 0",
      for: "0s",
      summary: "a lock was not kept safe: {{ $labels.rule }}",
      description:
        "The auditor, which replays every lock's events, has proof that the promise was broken: " +
        "two holders at once, or a token that did not rise. Expected: never.",
    },
  ],
};
