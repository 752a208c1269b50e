import { errorRatio } from "../prometheus/recording-rules.ts";
import { components } from "../prometheus/selectors.ts";
import type { AlertGroup } from "./alert.ts";

/** What the users of a region see, and the processes that serve them. */
export const serviceAlerts: AlertGroup = {
  name: "holdfast-service",
  alerts: [
    {
      name: "HoldfastLatencyHigh",
      severity: "critical",
      tier: "service",
      expr:
        'holdfast:prompt_operation_seconds:p95_5m{scope="local"} > 0.05 ' +
        "and holdfast:prompt_operations:rate5m > 1",
      for: "5m",
      summary: "P95 of local operations in {{ $labels.region }} is {{ $value | humanizeDuration }}",
      description:
        "One local operation in twenty takes longer than 50 ms though it waits for no holder. " +
        "Locks stay safe; whoever takes many of them is slowed down.",
    },
    {
      name: "HoldfastErrorRateHigh",
      severity: "critical",
      tier: "service",
      expr:
        `${errorRatio("5m")} > 0.01 ` +
        "and sum by (region, scope) (holdfast:operations:rate5m) > 0.1",
      for: "2m",
      summary:
        "{{ $value | humanizePercentage }} of {{ $labels.scope }} operations " +
        "in {{ $labels.region }} fail",
      description:
        "More than 1 % of the operations end as unavailable, unknown or no_quorum. Clients retry; " +
        "those that get no lock in time do not run.",
    },
    {
      name: "HoldfastTargetDown",
      severity: "warning",
      tier: "service",
      expr: `up{component=~"${components.join("|")}"} == 0`,
      for: "3m",
      summary: "{{ $labels.component }} {{ $labels.instance }} in {{ $labels.region }} is down",
      description:
        "A process of Holdfast does not answer /metrics. Its siblings carry on; one more may be " +
        "one too many.",
    },
    {
      name: "HoldfastEventLoopSlow",
      severity: "warning",
      tier: "service",
      expr: `nodejs_eventloop_lag_p99_seconds{component=~"${components.join("|")}"} > 0.2`,
      for: "5m",
      summary:
        "{{ $labels.component }} {{ $labels.instance }} in {{ $labels.region }} " +
        "stalls for {{ $value | humanizeDuration }}",
      description:
        "The process has too little processor time, or does too much at a stretch. A stall of " +
        "seconds makes renewals late.",
    },
    {
      name: "HoldfastContention",
      severity: "warning",
      tier: "service",
      expr:
        "holdfast:contended_acquires:ratio_rate10m > 0.3 and on (region) " +
        'sum by (region) (holdfast:operations:rate5m{operation="acquire"}) > 1',
      for: "15m",
      summary:
        "{{ $value | humanizePercentage }} of the acquires in {{ $labels.region }} find the lock held",
      description:
        "Many callers want the same locks. Holdfast is well; the work that the locks guard does " +
        "not get done as fast as it is asked for.",
    },
    {
      name: "HoldfastQueueLong",
      severity: "warning",
      tier: "shard",
      expr: "sum by (region, shard) (holdfast_waiters) > 1000",
      for: "10m",
      summary:
        "{{ $value | humanize }} requests wait in shard {{ $labels.shard }} of {{ $labels.region }}",
      description:
        "More requests stand in line than holders make room for. Each place in line costs the " +
        "shard a key and a renewal.",
    },
  ],
};
