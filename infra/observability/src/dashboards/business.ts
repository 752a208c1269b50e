import { contendedNow, contendedOverTime } from "./contended-sql.ts";
import type { Dashboard, Row } from "./panel.ts";

const here = 'region=~"$region"';
const shards = `${here},shard=~"$shard"`;

const use: Row = {
  title: "Who uses it, and how much",
  panels: [
    {
      title: "Locks taken",
      description: "Grants a second, local and global.",
      runbook: "HoldfastContention",
      kind: "lines",
      unit: "ops",
      queries: [
        {
          expr:
            "sum by (region, scope) " +
            `(holdfast:operations:rate5m{operation="acquire",outcome=~"granted|granted_after_wait",${here}})`,
          legend: "{{region}} {{scope}}",
        },
      ],
    },
    {
      title: "Sessions",
      description: "Clients that are alive: leases in each shard.",
      runbook: "HoldfastLeaseLag",
      kind: "lines",
      unit: "short",
      queries: [
        {
          expr: `sum by (region, shard) (holdfast_sessions{${shards}})`,
          legend: "{{region}} {{shard}}",
        },
      ],
    },
    {
      title: "Asked for and not got",
      description:
        "Requests a second that were refused, timed out or failed, and those of them that no log has.",
      runbook: "HoldfastContention",
      kind: "lines",
      unit: "ops",
      queries: [
        {
          expr: `sum by (region) (rate(holdfast_attempts_total{${here}}[$__rate_interval]))`,
          legend: "{{region}}",
        },
        {
          expr: `sum by (region) (rate(holdfast_attempts_dropped_total{${here}}[$__rate_interval]))`,
          legend: "{{region}}, in no log",
        },
      ],
    },
    {
      title: "Reads that the cache answered",
      description:
        "Part of the CACHED reads that cost the shard nothing. 0.8 or more is to be expected where " +
        "reads are many. Empty where there is no Redis.",
      runbook: "HoldfastLatencyHigh",
      kind: "lines",
      unit: "percentunit",
      queries: [
        {
          expr:
            `sum by (region) (rate(holdfast_cached_reads_total{result=~"hit|shared",${here}}[$__rate_interval])) / ` +
            `sum by (region) (rate(holdfast_cached_reads_total{${here}}[$__rate_interval]))`,
          legend: "{{region}}",
        },
      ],
    },
  ],
};

const contention: Row = {
  title: "Contention",
  panels: [
    {
      title: "Acquires that found the lock held",
      description:
        "Part of the acquires of ten minutes that found a holder: refused, timed out, or granted after a wait.",
      runbook: "HoldfastContention",
      kind: "lines",
      unit: "percentunit",
      queries: [
        { expr: `holdfast:contended_acquires:ratio_rate10m{${here}}`, legend: "{{region}}" },
      ],
      limits: { critical: 0.3 },
    },
    {
      title: "Waiting in line",
      description: "Requests that wait for a holder to give back, by shard.",
      runbook: "HoldfastQueueLong",
      kind: "lines",
      unit: "short",
      queries: [
        {
          expr: `sum by (region, shard) (holdfast_waiters{${shards}})`,
          legend: "{{region}} {{shard}}",
        },
      ],
      limits: { critical: 1_000 },
    },
    {
      title: "How long acquires take",
      description:
        "All acquires, waits in line included: a cell is the darker the more ended in that time.",
      runbook: "HoldfastContention",
      kind: "heatmap",
      unit: "s",
      width: 24,
      queries: [
        {
          expr:
            "sum by (le) (increase(" +
            `holdfast_operation_seconds_bucket{operation="acquire",${here}}[$__rate_interval]))`,
          legend: "{{le}}",
        },
      ],
    },
    {
      title: "Top 10 contended locks",
      description:
        "Requests that stood in line for each of the ten locks most waited for, over time. Names of " +
        "locks are in no metric: this comes from the ledger, by the source Ledger (Postgres). " +
        "Without one: holdfast audit contended",
      runbook: "HoldfastContention",
      kind: "ledger-heatmap",
      width: 16,
      sql: contendedOverTime,
    },
    {
      title: "Top 10 contended locks, sums",
      description:
        "How many requests stood in line for each in the time that is shown: what " +
        "holdfast audit contended prints. From the source Ledger (Postgres).",
      runbook: "HoldfastContention",
      kind: "ledger-table",
      width: 8,
      sql: contendedNow,
    },
  ],
};

/** What the locks are used for, and where callers stand in each other's way. */
export const business: Dashboard = {
  uid: "holdfast-business",
  title: "Holdfast / Business",
  description: "Who uses locks, how much, and where callers stand in each other's way.",
  rows: [use, contention],
};
