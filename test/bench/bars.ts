/** What a figure counts. */
type Unit =
  | "ratio"
  | "ms"
  | "bytes"
  | "commits"
  | "cores"
  | "MiB"
  | "round trips"
  | "ops/s"
  | "events/s";

/** A figure the product is held to. */
export interface Bar {
  readonly key: string;
  readonly what: string;
  readonly unit: Unit;
  readonly better: "more" | "less";
  /** Where left out, the figure is stated. */
  readonly must?: number;
  readonly aim?: number;
}

/** The figures of `npm run bench -- local`, in the order they are printed. */
export const localBars: readonly Bar[] = [
  bar("local.share_of_ceiling", "1,024 in flight, share of bare group commit", "ratio", 0.6, 0.85),
  bar("local.vs_single_txn", "against one etcd transaction an operation", "ratio", 5, 8),
  bar("local.vs_etcd3_lock", "against the Lock of etcd3", "ratio", 12, 25),
  bar("local.vs_redlock", "against Redlock on three Redis that fsync", "ratio", 0.6, 1),
  bar("local.lone_overhead_ms", "lone acquire p50 minus a raw transaction's", "ms", 1, 0.5),
  bar("waiters.bytes_each", "router memory of one of 10,000 waiters", "bytes", 4096, 2048),
  bar("waiters.handover_commits", "hand-over p50, in raw commits", "commits", 3, 2),
  bar("held.throughput_ratio", "200,000 locks held, against 1,000", "ratio", 0.9, 1),
  bar("idle.cpu_share", "10,000 idle clients on one router", "cores", 0.3, 0.15),
  bar("idle.rss_mib", "10,000 idle clients on one router", "MiB", 1536, 1024),
  bar("metrics.throughput_ratio", "with metrics and traces, against without", "ratio", 0.95, 0.98),
];

/** The figures of `npm run bench -- global`, in the order they are printed. */
export const globalBars: readonly Bar[] = [
  bar("global.cold_rtt", "cold acquire p50, worst region", "round trips", 2.3, 2.1),
  bar("global.warm_rtt", "re-acquire, release, hand-over p50, worst", "round trips", 1.3, 1.1),
  bar(
    "global.delegated_vs_local",
    "delegated acquire, hand-over; a local acquire",
    "ratio",
    2,
    1.2,
  ),
  {
    key: "global.delegated_vs_local.after_a_pause",
    what: "delegated acquire, a local one; each after a pause",
    unit: "ratio",
    better: "less",
  },
  bar("global.vs_stretched", "warm acquire against a stretched etcd", "ratio", 0.75, 0.65),
  bar("global.cold_vs_stretched", "cold acquire against it", "ratio", 1.35, 1.23),
  bar("global.delegated_vs_stretched", "delegated acquire against it", "ratio", 0.15, 0.05),
  bar("global.hot_vs_stretched", "hand-overs of a hot lock against it", "ratio", 1.5, 3),
  bar("global.useful_share", "proposals on a hot lock that changed it", "ratio", 0.8, 0.95),
  bar("global.gap_elsewhere_ms", "no grants for clients elsewhere", "ms", 2_000, 1_000),
  bar("global.gap_lost_region_ms", "no grants for those of a lost region", "ms", 6_000, 3_000),
  {
    key: "global.gap_delegated_ms",
    what: "wait for a lock delegated to a lost region",
    unit: "ms",
    better: "less",
  },
  { key: "global.ops", what: "uncontended acquires, each released", unit: "ops/s", better: "more" },
  {
    key: "global.cpu_vs_local",
    what: "CPU time of a pair against a local pair",
    unit: "ratio",
    better: "less",
    aim: 4,
  },
];

/** The figures of `npm run bench -- audit`, in the order they are printed. */
export const auditBars: readonly Bar[] = [
  bar("audit.events_per_s", "etcd to Kafka to Postgres, a backlog", "events/s", 10_000, 20_000),
  bar("audit.p99_ratio_on", "acquire p99 with the pipeline, without", "ratio", 1.1, 1.05),
  bar("audit.p99_ratio_kafka_down", "acquire p99 with Kafka killed", "ratio", 1.1, 1.05),
  bar("audit.age_p50_ms", "age of an event in Postgres, 2,000 acquires/s", "ms", 500, 200),
  bar("audit.age_p99_ms", "the same of nearly all", "ms", 2_000, 1_000),
  bar("audit.timeline_ms", "everything of one lock of a week, p50", "ms", 50, 10),
  stated("audit.bytes_kafka", "an event in Kafka", "bytes", 400),
  stated("audit.bytes_postgres", "an event in Postgres, with its indexes", "bytes", 300),
  stated("audit.bytes_s3", "an event in the archive, with its manifest", "bytes", 40),
];

function stated(key: string, what: string, unit: Unit, aim: number): Bar {
  return { key, what, unit, better: "less", aim };
}

function bar(key: string, what: string, unit: Unit, must: number, aim: number) {
  return { key, what, unit, better: aim < must ? ("less" as const) : ("more" as const), must, aim };
}

/** How a figure stands to its bar; `undefined` was not measured. */
export function verdict(
  each: Bar,
  figure: number | undefined,
): "aim" | "met" | "short" | "stated" | "-" {
  if (figure === undefined || !Number.isFinite(figure)) return "-";
  const reaches = (limit: number): boolean =>
    each.better === "more" ? figure >= limit : figure <= limit;
  if (each.aim !== undefined && reaches(each.aim)) return "aim";
  if (each.must === undefined) return "stated";
  return reaches(each.must) ? "met" : "short";
}
