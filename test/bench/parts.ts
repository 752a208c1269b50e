import { contenderNames } from "./contenders/contender.ts";

/** What can be measured by itself in each suite: a contender, or a scenario of Holdfast. */
export const partsOf = {
  local: [...contenderNames, "at_64", "lone", "waiters", "held", "idle", "metrics"],
  global: ["latency", "throughput", "delegated", "hot", "lost_region"],
  audit: ["drain", "impact", "age", "timeline"],
} as const;

/** What is compared in one run. */
export type Suite = keyof typeof partsOf;

/** One part of a suite. */
export type Part = (typeof partsOf)[Suite][number];

/** What each figure is made of. */
const partsOfFigure: Readonly<Record<Suite, Readonly<Record<string, readonly Part[]>>>> = {
  local: {
    "local.share_of_ceiling": ["ceiling", "holdfast"],
    "local.vs_single_txn": ["single_txn", "holdfast"],
    "local.vs_etcd3_lock": ["etcd3_lock", "holdfast"],
    "local.vs_redlock": ["redlock", "holdfast"],
    "local.vs_postgres": ["postgres", "holdfast"],
    "local.at_64": ["at_64"],
    "local.lone_overhead_ms": ["lone"],
    "waiters.bytes_each": ["waiters"],
    "waiters.handover_commits": ["waiters"],
    "held.throughput_ratio": ["held"],
    "idle.cpu_share": ["idle"],
    "idle.rss_mib": ["idle"],
    "metrics.throughput_ratio": ["metrics"],
  },
  global: {
    "global.cold_rtt": ["latency"],
    "global.warm_rtt": ["latency"],
    "global.delegated_vs_local": ["delegated"],
    "global.delegated_vs_local.after_a_pause": ["delegated"],
    "global.vs_stretched": ["latency"],
    "global.cold_vs_stretched": ["latency"],
    "global.delegated_vs_stretched": ["delegated"],
    "global.hot_vs_stretched": ["hot"],
    "global.useful_share": ["hot"],
    "global.gap_elsewhere_ms": ["lost_region"],
    "global.gap_lost_region_ms": ["lost_region"],
    "global.gap_delegated_ms": ["lost_region"],
    "global.ops": ["throughput"],
    "global.cpu_vs_local": ["throughput"],
  },
  audit: {
    "audit.events_per_s": ["drain"],
    "audit.p99_ratio_on": ["impact"],
    "audit.p99_ratio_kafka_down": ["impact"],
    "audit.age_p50_ms": ["age"],
    "audit.age_p99_ms": ["age"],
    "audit.timeline_ms": ["timeline"],
    "audit.bytes_kafka": ["drain"],
    "audit.bytes_postgres": ["drain"],
    "audit.bytes_s3": ["age"],
  },
};

/** Whether `text` names a suite. */
export function isSuite(text: string | undefined): text is Suite {
  return text !== undefined && Object.hasOwn(partsOf, text);
}

/**
 * The parts that `text` asks for: those a figure needs, or all figures under a dotted prefix
 * ("waiters"), or the part called so.
 */
export function partsFor(suite: Suite, text: string): Part[] {
  const parts: readonly Part[] = partsOf[suite];
  const named = parts.filter((part) => part === text);
  if (named.length > 0) return named;
  const needed = new Set<Part>();
  for (const [key, of] of Object.entries(partsOfFigure[suite])) {
    if (key === text || key.startsWith(`${text}.`)) for (const part of of) needed.add(part);
  }
  return parts.filter((part) => needed.has(part));
}
