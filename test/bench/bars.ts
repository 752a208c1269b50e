/** A figure the product is held to. */
export interface Bar {
  readonly key: string;
  readonly what: string;
  readonly unit: "ratio" | "ms" | "bytes" | "commits" | "cores" | "MiB";
  readonly better: "more" | "less";
  readonly must: number;
  readonly aim: number;
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
];

function bar(key: string, what: string, unit: Bar["unit"], must: number, aim: number): Bar {
  return { key, what, unit, better: aim < must ? "less" : "more", must, aim };
}

/** How a figure stands to its bar; `undefined` was not measured. */
export function verdict(each: Bar, figure: number | undefined): "aim" | "met" | "short" | "-" {
  if (figure === undefined || !Number.isFinite(figure)) return "-";
  const reaches = (limit: number): boolean =>
    each.better === "more" ? figure >= limit : figure <= limit;
  if (reaches(each.aim)) return "aim";
  return reaches(each.must) ? "met" : "short";
}
