import type { AlertGroup } from "./alert.ts";

/** The etcd clusters that keep the locks. */
export const shardAlerts: AlertGroup = {
  name: "holdfast-shard",
  alerts: [
    {
      name: "HoldfastEtcdMemberDown",
      severity: "critical",
      tier: "shard",
      expr: 'up{component="etcd"} == 0',
      for: "1m",
      summary:
        "etcd member {{ $labels.instance }} of shard {{ $labels.shard }} " +
        "in {{ $labels.region }} is down",
      description:
        "The shard works while most of its members do. With one of three away it has none to spare.",
    },
    {
      name: "HoldfastShardUnusable",
      severity: "critical",
      tier: "shard",
      expr: "max by (region, shard) (holdfast_shard_usable) == 0",
      for: "30s",
      summary: "no router can use shard {{ $labels.shard }} of {{ $labels.region }}",
      description:
        "Its locks cannot be taken, renewed or given back: callers get SHARD_UNAVAILABLE, and " +
        "holders stop at their deadline. The other shards go on.",
    },
    {
      name: "HoldfastEtcdDiskSlow",
      severity: "warning",
      tier: "shard",
      expr:
        "histogram_quantile(0.99, sum by (region, shard, instance, le) " +
        "(rate(etcd_disk_wal_fsync_duration_seconds_bucket[5m]))) > 0.1",
      for: "10m",
      summary:
        "etcd {{ $labels.instance }} of shard {{ $labels.shard }} in {{ $labels.region }} " +
        "takes {{ $value | humanizeDuration }} to write",
      description:
        "Every commit waits for the disks of most members. Past 100 ms operations are slow, and " +
        "past a second leaders change.",
    },
    {
      name: "HoldfastEtcdQuotaFilling",
      severity: "warning",
      tier: "shard",
      expr: "etcd_mvcc_db_total_size_in_bytes / etcd_server_quota_backend_bytes > 0.8",
      for: "5m",
      summary:
        "etcd {{ $labels.instance }} of shard {{ $labels.shard }} in {{ $labels.region }} " +
        "has used {{ $value | humanizePercentage }} of its quota",
      description:
        "At its quota etcd takes no more writes, and the shard is unusable. Mostly the journal is " +
        "behind, and history waits for it.",
    },
    {
      name: "HoldfastLeaseLag",
      severity: "warning",
      tier: "shard",
      expr: "max by (region, shard) (holdfast_lease_lag_seconds) > 3",
      for: "1m",
      summary:
        "lease renewals in shard {{ $labels.shard }} of {{ $labels.region }} " +
        "are {{ $value | humanizeDuration }} late",
      description:
        "Sessions are renewed every third of their time to live, 15 s by default. Later than that, " +
        "clients that did nothing wrong lose their locks.",
    },
  ],
};
