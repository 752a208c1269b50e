import type { ToolName } from "@holdfast/toolchain/tool";

/** One thing `npm test` runs: a script of the root package.json. */
export interface Suite {
  /** Name of the script, and of the vitest project if it is one. */
  readonly name: string;
  readonly kind: "check" | "vitest";
  /** After this long its whole process group is ended and it counts as failed. */
  readonly timeoutMs: number;
  /** What it starts. It runs after all of these were looked for, found or not. */
  readonly tools: readonly ToolName[];
  /**
   * It computes, and times nothing: it runs beside those behind it, with what they leave of the
   * processors. Those wait more than they compute.
   */
  readonly runsBeside?: boolean;
}

const minuteMs = 60_000;

/** What keeps the locks, and what keeps the record of them. */
const recordTools: readonly ToolName[] = ["etcd", "kafka", "postgres", "redis", "versitygw"];

/** What judges and runs what Holdfast is deployed with. */
const deployTools: readonly ToolName[] = [
  "terraform",
  "checkov",
  "helm",
  "helm-unittest",
  "kubeconform",
  "kubernetes-schemas",
  "haproxy",
  "prometheus",
  "promtool",
  "alertmanager",
  "amtool",
  "postgres",
  "etcd",
  "etcdctl",
  "etcdutl",
  "versitygw",
];

/** The suites in the order they start. Those without tools run while the tools are still built. */
export const suites: readonly Suite[] = [
  { name: "format", kind: "check", timeoutMs: minuteMs, tools: [] },
  { name: "lint", kind: "check", timeoutMs: 2 * minuteMs, tools: [] },
  { name: "types", kind: "check", timeoutMs: 3 * minuteMs, tools: [] },
  { name: "proto", kind: "check", timeoutMs: 3 * minuteMs, tools: [] },
  { name: "tidy", kind: "vitest", timeoutMs: 2 * minuteMs, tools: [] },
  { name: "unit", kind: "vitest", timeoutMs: 10 * minuteMs, tools: [] },
  { name: "simulation", kind: "vitest", timeoutMs: 60 * minuteMs, tools: [], runsBeside: true },
  {
    name: "contract",
    kind: "vitest",
    timeoutMs: 8 * minuteMs,
    tools: recordTools,
  },
  {
    name: "integration",
    kind: "vitest",
    timeoutMs: 10 * minuteMs,
    tools: recordTools,
  },
  {
    name: "deploy",
    kind: "vitest",
    // Of which images take up to ten, where an engine builds them.
    timeoutMs: 18 * minuteMs,
    tools: deployTools,
  },
  { name: "drills", kind: "vitest", timeoutMs: 15 * minuteMs, tools: ["etcd"] },
  { name: "e2e", kind: "vitest", timeoutMs: 12 * minuteMs, tools: recordTools },
];

/** Names that stand for several suites. */
export const groups: Readonly<Record<string, readonly string[]>> = {
  verify: ["format", "lint", "types", "proto", "tidy", "unit"],
};
