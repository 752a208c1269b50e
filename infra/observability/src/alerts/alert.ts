/** Who is told: `critical` wakes somebody (PagerDuty), `warning` can wait for the day (Slack). */
export type Severity = "critical" | "warning";

/**
 * What an alert speaks of. Where a region is down, alerts of its shards and services are held back:
 * they say the same thing many times.
 */
export type Tier = "shard" | "service" | "region" | "global" | "record" | "machine" | "safety";

/** One alert, and all that follows from it: the rule, its route, its runbook. */
export interface Alert {
  readonly name: `Holdfast${string}`;
  readonly severity: Severity;
  readonly tier: Tier;
  /** Sent without waiting for others to be told of in the same message. */
  readonly immediate?: boolean;
  /** PromQL; fires for every series of the answer. */
  readonly expr: string;
  /** How long it has to be so first, as Prometheus writes durations. */
  readonly for: string;
  /** One line for a pager; may use `{{ $labels.x }}` and `{{ $value | humanize }}`. */
  readonly summary: string;
  /** What it means for users, for who has never met it. */
  readonly description: string;
}

/** Alerts that are judged together, in a file's order. */
export interface AlertGroup {
  readonly name: string;
  readonly alerts: readonly Alert[];
}

/** Name of the runbook in `docs/runbooks`: `HoldfastJournalLag` has `journal-lag.md`. */
export function runbookFile(alert: Pick<Alert, "name">): string {
  const words = alert.name.slice("Holdfast".length).match(/[A-Z][a-z0-9]*/g) ?? [];
  return `${words.map((word) => word.toLowerCase()).join("-")}.md`;
}
