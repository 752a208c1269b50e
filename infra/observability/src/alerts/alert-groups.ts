import type { Alert, AlertGroup } from "./alert.ts";
import { machineAlerts } from "./machine-alerts.ts";
import { recordAlerts } from "./record-alerts.ts";
import { regionAlerts } from "./region-alerts.ts";
import { safetyAlerts } from "./safety-alerts.ts";
import { serviceAlerts } from "./service-alerts.ts";
import { shardAlerts } from "./shard-alerts.ts";
import { sloAlerts } from "./slo-alerts.ts";

/** Every group of alerts, what hurts most first. */
export const alertGroups: readonly AlertGroup[] = [
  safetyAlerts,
  regionAlerts,
  shardAlerts,
  serviceAlerts,
  sloAlerts,
  recordAlerts,
  machineAlerts,
];

/** Every alert. */
export const alerts: readonly Alert[] = alertGroups.flatMap((group) => group.alerts);
