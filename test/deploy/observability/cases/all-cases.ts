import type { AlertCase } from "./alert-case.ts";
import { machineCases } from "./machine-cases.ts";
import { recordCases } from "./record-cases.ts";
import { regionCases } from "./region-cases.ts";
import { serviceCases } from "./service-cases.ts";
import { shardCases } from "./shard-cases.ts";
import { sloCases } from "./slo-cases.ts";

/** Every course of things that the alerts are held against. */
export const alertCases: readonly AlertCase[] = [
  ...regionCases,
  ...shardCases,
  ...serviceCases,
  ...sloCases,
  ...recordCases,
  ...machineCases,
];
