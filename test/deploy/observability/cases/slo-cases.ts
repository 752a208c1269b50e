import { type AlertCase, operations } from "./alert-case.ts";

const labels = { region: "us-east-1", scope: "local" };
/** So many failed of a thousand a second, for so long. */
const failing = (part: number, minutes: number): Record<string, string> => ({
  ...operations({ outcome: "granted" }, 1_000 * (1 - part), 0.004, minutes / 2),
  ...operations({ outcome: "unavailable" }, 1_000 * part, 0.004, minutes / 2),
});
/** 1 % failed in the second of three hours. */
const over: Record<string, string> = {
  ...operations({ outcome: "granted" }, 1_000, 0.004, 90),
  'holdfast_operation_seconds_count{region="us-east-1",scope="local",operation="acquire",outcome="unavailable"}':
    "0x30 0+1200x30 36000x30",
};

/** How fast the error budget is used up. */
export const sloCases: readonly AlertCase[] = [
  {
    alert: "HoldfastSloBurnFast",
    when: "0.2 % fail for more than an hour",
    series: failing(0.002, 100),
    every: "2m",
    at: "90m",
    fires: [{ labels, value: "0.2%" }],
  },
  {
    alert: "HoldfastSloBurnFast",
    when: "0.08 % fail for seven hours",
    series: failing(0.0008, 440),
    every: "2m",
    at: "420m",
    fires: [{ labels, value: "0.08%" }],
  },
  {
    alert: "HoldfastSloBurnFast",
    when: "0.02 % fail",
    series: failing(0.0002, 440),
    every: "2m",
    at: "420m",
    fires: [],
  },
  {
    alert: "HoldfastSloBurnFast",
    when: "1 % failed for an hour, which is over since 40 minutes",
    series: over,
    every: "2m",
    at: "160m",
    fires: [],
  },
  {
    alert: "HoldfastSloBurnSlow",
    when: "0.04 % fail for more than a day",
    series: failing(0.0004, 1_520),
    every: "2m",
    at: "1500m",
    fires: [{ labels, value: "0.04%" }],
  },
  {
    alert: "HoldfastSloBurnSlow",
    when: "0.005 % fail, half of what is allowed",
    series: failing(0.00005, 1_520),
    every: "2m",
    at: "1500m",
    fires: [],
  },
];
