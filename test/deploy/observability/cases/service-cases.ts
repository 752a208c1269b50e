import { type AlertCase, operations } from "./alert-case.ts";

const east = { region: "us-east-1" };
const router = 'up{component="router",region="us-east-1",instance="r1"}';
const lag = 'nodejs_eventloop_lag_p99_seconds{component="router",region="us-east-1",instance="r1"}';

/** What users of a region see. */
export const serviceCases: readonly AlertCase[] = [
  {
    alert: "HoldfastLatencyHigh",
    when: "local operations take 60 to 100 ms",
    series: operations({ outcome: "granted" }, 100, 0.08),
    at: "15m",
    fires: [{ labels: { ...east, scope: "local" }, value: "97.5ms" }],
  },
  {
    alert: "HoldfastLatencyHigh",
    when: "they take less than 50 ms",
    series: operations({ outcome: "granted" }, 100, 0.04),
    at: "15m",
    fires: [],
  },
  {
    alert: "HoldfastLatencyHigh",
    when: "callers wait long for other holders, and everything else is fast",
    series: {
      ...operations({ outcome: "granted_after_wait" }, 100, 30),
      ...operations({ operation: "renew", outcome: "ok" }, 100),
    },
    at: "15m",
    fires: [],
  },
  {
    alert: "HoldfastLatencyHigh",
    when: "global operations take as long as the sea is wide",
    series: operations({ scope: "global", outcome: "granted" }, 100, 0.09),
    at: "15m",
    fires: [],
  },
  {
    alert: "HoldfastLatencyHigh",
    when: "a lone operation in a quiet night is slow",
    series: operations({ outcome: "granted" }, 0.01, 0.9),
    at: "15m",
    fires: [],
  },
  {
    alert: "HoldfastErrorRateHigh",
    when: "2 % of the operations find their shard away",
    series: {
      ...operations({ outcome: "granted" }, 98),
      ...operations({ outcome: "unavailable" }, 2),
    },
    at: "10m",
    fires: [{ labels: { ...east, scope: "local" }, value: "2%" }],
  },
  {
    alert: "HoldfastErrorRateHigh",
    when: "half of the acquires find the lock held",
    series: { ...operations({ outcome: "granted" }, 50), ...operations({ outcome: "held" }, 50) },
    at: "10m",
    fires: [],
  },
  {
    alert: "HoldfastErrorRateHigh",
    when: "0.5 % fail",
    series: {
      ...operations({ outcome: "granted" }, 199),
      ...operations({ outcome: "unknown" }, 1),
    },
    at: "10m",
    fires: [],
  },
  {
    alert: "HoldfastTargetDown",
    when: "a router does not answer for five minutes",
    series: { [router]: "1x2 0x10" },
    at: "8m",
    fires: [{ labels: { ...east, component: "router", instance: "r1" } }],
  },
  {
    alert: "HoldfastTargetDown",
    when: "a router is restarted within two minutes",
    series: { [router]: "1x2 0x1 1x10" },
    at: "8m",
    fires: [],
  },
  {
    alert: "HoldfastTargetDown",
    when: "somebody else's process is down",
    series: { 'up{job="billing",instance="b1"}': "0x10" },
    at: "8m",
    fires: [],
  },
  {
    alert: "HoldfastEventLoopSlow",
    when: "a router stalls for half a second",
    series: { [lag]: "0.5x20" },
    at: "10m",
    fires: [{ labels: { ...east, component: "router", instance: "r1" }, value: "500ms" }],
  },
  {
    alert: "HoldfastEventLoopSlow",
    when: "its loop turns within 30 ms",
    series: { [lag]: "0.03x20" },
    at: "10m",
    fires: [],
  },
  {
    alert: "HoldfastContention",
    when: "40 % of the acquires meet another holder for half an hour",
    series: {
      ...operations({ outcome: "granted" }, 60),
      ...operations({ outcome: "held" }, 30),
      ...operations({ outcome: "granted_after_wait" }, 10),
    },
    at: "30m",
    fires: [{ labels: east, value: "40%" }],
  },
  {
    alert: "HoldfastContention",
    when: "10 % do",
    series: { ...operations({ outcome: "granted" }, 90), ...operations({ outcome: "held" }, 10) },
    at: "30m",
    fires: [],
  },
  {
    alert: "HoldfastQueueLong",
    when: "1,500 requests wait in a shard, seen by two routers",
    series: {
      'holdfast_waiters{region="us-east-1",shard="s0",instance="r1"}': "700x20",
      'holdfast_waiters{region="us-east-1",shard="s0",instance="r2"}': "800x20",
    },
    at: "15m",
    fires: [{ labels: { ...east, shard: "s0" }, value: "1.5k" }],
  },
  {
    alert: "HoldfastQueueLong",
    when: "they wait for five minutes only",
    series: { 'holdfast_waiters{region="us-east-1",shard="s0"}': "5000x5 0x20" },
    at: "15m",
    fires: [],
  },
];
