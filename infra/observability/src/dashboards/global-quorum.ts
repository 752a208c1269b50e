import { errorRatio } from "../prometheus/recording-rules.ts";
import type { Dashboard } from "./panel.ts";

const here = 'region=~"$region"';

/** The locks that two of three regions decide. */
export const globalQuorum: Dashboard = {
  uid: "holdfast-global-quorum",
  title: "Holdfast / Global quorum",
  description: "The locks that two of three regions decide: who votes, how far apart, how fast.",
  rows: [
    {
      title: "Votes",
      panels: [
        {
          title: "Regions that vote",
          description:
            "As each region's coordinators see it. 3 is well; 2 works with none to spare; 1 or 0 " +
            "means no global locks through that region.",
          runbook: "HoldfastQuorumOfTwo",
          kind: "states",
          unit: "none",
          queries: [
            {
              expr: `min by (region) (holdfast_quorum_regions{${here}})`,
              legend: "seen from {{region}}",
            },
          ],
          limits: { warning: 3, critical: 2, falling: true },
        },
        {
          title: "Who reaches whom",
          description: "1 while the coordinators of the first region reach the second one.",
          runbook: "HoldfastRegionDown",
          kind: "states",
          unit: "none",
          queries: [
            {
              expr: `max by (region, exported_region) (holdfast_region_reachable{${here}})`,
              legend: "{{region}} to {{exported_region}}",
            },
          ],
          limits: { critical: 1, falling: true },
        },
        {
          title: "Round trips between regions (P95)",
          description:
            "What a vote of another region takes. A cold global acquire costs two of the shorter " +
            "ones; it rises with the distance, not with the load.",
          runbook: "HoldfastQuorumOfTwo",
          kind: "lines",
          unit: "s",
          queries: [
            {
              expr:
                "histogram_quantile(0.95, sum by (region, exported_region, le) " +
                `(rate(holdfast_region_round_trip_seconds_bucket{${here}}[$__rate_interval])))`,
              legend: "{{region}} to {{exported_region}}",
            },
          ],
        },
        {
          title: "Locks a region decides alone",
          description:
            "Delegations: locks whose decisions were handed to one region for a while, so that they " +
            "cost no round over the sea.",
          runbook: "HoldfastQuorumOfTwo",
          kind: "lines",
          unit: "short",
          queries: [
            { expr: `sum by (region) (holdfast_delegations{${here}})`, legend: "{{region}}" },
          ],
        },
      ],
    },
    {
      title: "Rounds",
      panels: [
        {
          title: "Rounds by kind",
          description: "Rounds of the quorum a second.",
          runbook: "HoldfastQuorumLost",
          kind: "lines",
          unit: "ops",
          queries: [
            {
              expr:
                "sum by (region, kind) " +
                `(rate(holdfast_quorum_rounds_total{${here}}[$__rate_interval]))`,
              legend: "{{region}} {{kind}}",
            },
          ],
        },
        {
          title: "Rounds by outcome",
          description:
            "How rounds end. Conflicts mean that two regions propose for one lock at once: each " +
            "costs another round.",
          runbook: "HoldfastQuorumLost",
          kind: "lines",
          unit: "ops",
          queries: [
            {
              expr:
                "sum by (region, outcome) " +
                `(rate(holdfast_quorum_rounds_total{${here}}[$__rate_interval]))`,
              legend: "{{region}} {{outcome}}",
            },
          ],
        },
        {
          title: "How long a round takes (P95)",
          description: "By kind; about the round trip to the nearer of the other two regions.",
          runbook: "HoldfastQuorumLost",
          kind: "lines",
          unit: "s",
          queries: [
            {
              expr:
                "histogram_quantile(0.95, sum by (region, kind, le) " +
                `(rate(holdfast_quorum_round_seconds_bucket{${here}}[$__rate_interval])))`,
              legend: "{{region}} {{kind}}",
            },
          ],
        },
        {
          title: "Global operations, how long they take",
          description: "P50, P95 and P99 of global operations that wait for no holder.",
          runbook: "HoldfastQuorumLost",
          kind: "lines",
          unit: "s",
          queries: [50, 95, 99].map((percent) => ({
            expr: `holdfast:prompt_operation_seconds:p${percent}_5m{scope="global",${here}}`,
            legend: `P${percent} {{region}}`,
          })),
        },
        {
          title: "Global operations that fail",
          description: "Part that ended as unavailable, unknown or no_quorum, by region.",
          runbook: "HoldfastErrorRateHigh",
          kind: "lines",
          unit: "percentunit",
          queries: [{ expr: `${errorRatio("5m")}{scope="global",${here}}`, legend: "{{region}}" }],
          limits: { critical: 0.01 },
        },
      ],
    },
  ],
};
