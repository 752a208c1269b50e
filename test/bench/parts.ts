import { contenderNames } from "./contenders/contender.ts";

/** What can be measured by itself: a contender's throughput, or a scenario of Holdfast. */
export const parts = [...contenderNames, "at_64", "lone", "waiters", "held", "idle"] as const;

/** One of them. */
export type Part = (typeof parts)[number];

/** What each figure is made of. */
const partsOfFigure: Readonly<Record<string, readonly Part[]>> = {
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
};

/** Whether `text` names a part. */
export function isPart(text: string): text is Part {
  return (parts as readonly string[]).includes(text);
}

/** The parts a figure needs, or all figures under a dotted prefix ("local"). */
export function partsFor(figure: string): Part[] {
  const needed = new Set<Part>();
  for (const [key, of] of Object.entries(partsOfFigure)) {
    if (key === figure || key.startsWith(`${figure}.`)) for (const part of of) needed.add(part);
  }
  return parts.filter((part) => needed.has(part));
}
