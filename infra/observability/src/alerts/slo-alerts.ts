import { type BurnWindow, errorRatio, sloErrorRatio } from "../prometheus/recording-rules.ts";
import type { AlertGroup } from "./alert.ts";

/**
 * The budget burns `factor` times faster than it may, over a long window, and still does, over a
 * short one: without the second the alert would stand for hours after the trouble.
 */
function burns(factor: number, long: BurnWindow, short: BurnWindow): string {
  const limit = (factor * sloErrorRatio).toFixed(5);
  return `(${errorRatio(long)} > ${limit} and ${errorRatio(short)} > ${limit})`;
}

/** 99.99 % of the operations of 30 days are to succeed; these say how fast the rest is used up. */
export const sloAlerts: AlertGroup = {
  name: "holdfast-slo",
  alerts: [
    {
      name: "HoldfastSloBurnFast",
      severity: "critical",
      tier: "service",
      // 2 % of the month's budget in an hour, or 5 % in six.
      expr: `${burns(14.4, "1h", "5m")} or ${burns(6, "6h", "30m")}`,
      for: "2m",
      summary:
        "{{ $labels.scope }} operations in {{ $labels.region }} use up the month's error budget " +
        "in days: {{ $value | humanizePercentage }} fail",
      description:
        "99.99 % of the operations of 30 days are to succeed. At this rate the rest is used up " +
        "in two to five days.",
    },
    {
      name: "HoldfastSloBurnSlow",
      severity: "warning",
      tier: "service",
      // 10 % of the month's budget in a day, or in three.
      expr: `${burns(3, "1d", "2h")} or ${burns(1, "3d", "6h")}`,
      for: "15m",
      summary:
        "{{ $labels.scope }} operations in {{ $labels.region }} use up the month's error budget: " +
        "{{ $value | humanizePercentage }} fail",
      description:
        "99.99 % of the operations of 30 days are to succeed. At this rate they will not.",
    },
  ],
};
