import { errorRatio, sloErrorRatio } from "../prometheus/recording-rules.ts";
import type { Dashboard } from "./panel.ts";

const here = 'region=~"$region"';

/** Is anything wrong, and where: the page to open first. */
export const overview: Dashboard = {
  uid: "holdfast-overview",
  title: "Holdfast / Overview",
  description: "Is anything wrong, and where. Red is red for everybody: each number has an alert.",
  rows: [
    {
      title: "Now",
      panels: [
        {
          title: "Safety violations",
          description:
            "Proofs that a lock was not kept safe, as the auditor found them. 0 for ever; anything " +
            "else is the most serious thing this page can show.",
          runbook: "HoldfastSafetyViolation",
          kind: "number",
          unit: "none",
          queries: [{ expr: `sum(holdfast_safety_violations_total{${here}})` }],
          limits: { critical: 1 },
        },
        {
          title: "Regions that serve",
          description: "Regions with at least one router that answers.",
          runbook: "HoldfastRegionDown",
          kind: "number",
          unit: "none",
          queries: [{ expr: 'count(sum by (region) (up{component="router"}) > 0)' }],
          limits: { warning: 3, critical: 2, falling: true },
        },
        {
          title: "Regions that vote",
          description:
            "The fewest that a coordinator reaches. 3 is well; at 2 global locks work with nothing " +
            "to spare; below 2 there are none.",
          runbook: "HoldfastQuorumLost",
          kind: "number",
          unit: "none",
          queries: [{ expr: `min(holdfast_quorum_regions{${here}})` }],
          limits: { warning: 3, critical: 2, falling: true },
        },
        {
          title: "Operations that fail",
          description:
            "Part of all operations of five minutes that ended as unavailable, unknown or no_quorum. " +
            "A lock that is held by somebody else is no failure.",
          runbook: "HoldfastErrorRateHigh",
          kind: "number",
          unit: "percentunit",
          queries: [{ expr: `max(${errorRatio("5m")}{${here}})` }],
          limits: { warning: 0.001, critical: 0.01 },
        },
        {
          title: "P95 of local operations",
          description:
            "One operation in twenty takes longer. Only operations that wait for no holder count.",
          runbook: "HoldfastLatencyHigh",
          kind: "number",
          unit: "s",
          queries: [
            { expr: `max(holdfast:prompt_operation_seconds:p95_5m{scope="local",${here}})` },
          ],
          limits: { warning: 0.025, critical: 0.05 },
        },
        {
          title: "Error budget burnt",
          description:
            "How many times faster than allowed the month's error budget (0.01 % of operations) " +
            "was used up in the last hour. Below 1 the goal is met.",
          runbook: "HoldfastSloBurnFast",
          kind: "number",
          unit: "short",
          queries: [{ expr: `max(${errorRatio("1h")}{${here}}) / ${sloErrorRatio}` }],
          limits: { warning: 1, critical: 14.4 },
        },
      ],
    },
    {
      title: "Rate, errors, duration",
      panels: [
        {
          title: "Operations",
          description: "Operations a second by kind, all scopes together.",
          runbook: "HoldfastErrorRateHigh",
          kind: "lines",
          unit: "ops",
          queries: [
            {
              expr: `sum by (region, operation) (holdfast:operations:rate5m{${here}})`,
              legend: "{{region}} {{operation}}",
            },
          ],
        },
        {
          title: "How they end",
          description:
            "Operations a second by outcome. held, timeout and not_held are answers; unavailable, " +
            "unknown and no_quorum are failures.",
          runbook: "HoldfastErrorRateHigh",
          kind: "lines",
          unit: "ops",
          queries: [
            {
              expr: `sum by (outcome) (holdfast:operations:rate5m{${here}})`,
              legend: "{{outcome}}",
            },
          ],
        },
        {
          title: "Local operations, how long they take",
          description:
            "P50, P95 and P99 of operations that wait for no holder. P95 is to stay below 50 ms.",
          runbook: "HoldfastLatencyHigh",
          kind: "lines",
          unit: "s",
          queries: [50, 95, 99].map((percent) => ({
            expr: `holdfast:prompt_operation_seconds:p${percent}_5m{scope="local",${here}}`,
            legend: `P${percent} {{region}}`,
          })),
          limits: { critical: 0.05 },
        },
        {
          title: "Failures by region",
          description:
            "Part of the operations that fail, by region and scope. The red line is the alert's 1 %.",
          runbook: "HoldfastErrorRateHigh",
          kind: "lines",
          unit: "percentunit",
          queries: [{ expr: `${errorRatio("5m")}{${here}}`, legend: "{{region}} {{scope}}" }],
          limits: { critical: 0.01 },
        },
      ],
    },
    {
      title: "What is wrong",
      panels: [
        {
          title: "Alerts that fire",
          description: "Every alert of Holdfast that fires now. Empty is well.",
          runbook: "HoldfastErrorRateHigh",
          kind: "table",
          unit: "none",
          queries: [
            {
              expr:
                "sum by (alertname, severity, region, shard, component) " +
                '(ALERTS{alertname=~"Holdfast.+",alertstate="firing",region=~"$region|"})',
            },
          ],
        },
        {
          title: "Shards",
          description: "1 while some router can use the shard, 0 while none can.",
          runbook: "HoldfastShardUnusable",
          kind: "states",
          unit: "none",
          queries: [
            {
              expr: `max by (region, shard) (holdfast_shard_usable{${here},shard=~"$shard"})`,
              legend: "{{region}} {{shard}}",
            },
          ],
          limits: { critical: 1, falling: true },
        },
        {
          title: "Versions",
          description:
            "Processes by service and version. Two versions of one service at once is an upgrade " +
            "under way.",
          runbook: "HoldfastTargetDown",
          kind: "table",
          unit: "none",
          queries: [
            { expr: `count by (region, component, version) (holdfast_build_info{${here}})` },
          ],
        },
        {
          title: "Error budget, burn by window",
          description:
            "Failures over longer and longer windows, in multiples of what the goal of 99.99 % " +
            "allows. The alerts look at 14.4, 6, 3 and 1.",
          runbook: "HoldfastSloBurnSlow",
          kind: "lines",
          unit: "short",
          queries: (["1h", "6h", "1d", "3d"] as const).map((window) => ({
            expr: `max by (region) (${errorRatio(window)}{${here}}) / ${sloErrorRatio}`,
            legend: `{{region}} ${window}`,
          })),
          limits: { warning: 1, critical: 14.4 },
        },
      ],
    },
  ],
};
