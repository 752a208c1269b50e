import type { Dashboard, Row } from "./panel.ts";

const here = 'region=~"$region"';
const shards = `${here},shard=~"$shard"`;
const ourPods = 'namespace=~".*holdfast.*",container!=""';

const processes: Row = {
  title: "Processes",
  panels: [
    {
      title: "Answering",
      description: "Processes that answer /metrics, by component; etcd members too.",
      runbook: "HoldfastTargetDown",
      kind: "lines",
      unit: "short",
      queries: [
        {
          expr: `sum by (region, component) (up{component!="",${here}})`,
          legend: "{{region}} {{component}}",
        },
      ],
    },
    {
      title: "Processor",
      description:
        "Seconds of processor time a second. A router uses one core at most: past 0.8 add routers.",
      runbook: "HoldfastEventLoopSlow",
      kind: "lines",
      unit: "short",
      queries: [
        {
          expr: `rate(process_cpu_seconds_total{component!="",${here}}[$__rate_interval])`,
          legend: "{{component}} {{instance}}",
        },
      ],
      limits: { critical: 0.8 },
    },
    {
      title: "Memory",
      description: "Resident memory of each process.",
      runbook: "HoldfastMemoryHigh",
      kind: "lines",
      unit: "bytes",
      queries: [
        {
          expr: `process_resident_memory_bytes{component!="",${here}}`,
          legend: "{{component}} {{instance}}",
        },
      ],
    },
    {
      title: "Event loop, stalls",
      description:
        "99 of 100 turns of the event loop begin later than this by no more. Below 50 ms is well.",
      runbook: "HoldfastEventLoopSlow",
      kind: "lines",
      unit: "s",
      queries: [
        {
          expr: `nodejs_eventloop_lag_p99_seconds{component!="",${here}}`,
          legend: "{{component}} {{instance}}",
        },
      ],
      limits: { warning: 0.05, critical: 0.2 },
    },
    {
      title: "Containers, part of their memory",
      description: "Needs cAdvisor (any kubelet has it). Past its limit a container is killed.",
      runbook: "HoldfastMemoryHigh",
      kind: "lines",
      unit: "percentunit",
      queries: [
        {
          expr:
            `container_memory_working_set_bytes{${ourPods}} / ` +
            `(container_spec_memory_limit_bytes{${ourPods}} > 0)`,
          legend: "{{pod}} {{container}}",
        },
      ],
      limits: { critical: 0.85 },
    },
    {
      title: "Restarts of pods",
      description: "Restarts in the last hour, as kube-state-metrics counts them.",
      runbook: "HoldfastTargetDown",
      kind: "lines",
      unit: "short",
      queries: [
        {
          expr: `increase(kube_pod_container_status_restarts_total{${ourPods}}[1h])`,
          legend: "{{pod}} {{container}}",
        },
      ],
    },
    {
      title: "Disks",
      description:
        "Used part of the volumes (kubelet) and of the disks of machines (node exporter).",
      runbook: "HoldfastDiskFilling",
      kind: "lines",
      unit: "percentunit",
      queries: [
        {
          expr:
            'kubelet_volume_stats_used_bytes{namespace=~".*holdfast.*"} / ' +
            'kubelet_volume_stats_capacity_bytes{namespace=~".*holdfast.*"}',
          legend: "{{persistentvolumeclaim}}",
        },
        {
          expr:
            '1 - node_filesystem_avail_bytes{fstype!~"tmpfs|ramfs|overlay|squashfs|nsfs"} / ' +
            'node_filesystem_size_bytes{fstype!~"tmpfs|ramfs|overlay|squashfs|nsfs"}',
          legend: "{{instance}} {{mountpoint}}",
        },
      ],
      limits: { critical: 0.8 },
    },
    {
      title: "Certificates, time left",
      description: "Until the first certificate of each use is over. Empty where TLS is off.",
      runbook: "HoldfastCertificateExpiring",
      kind: "lines",
      unit: "s",
      queries: [
        {
          expr:
            "min by (region, component, use) " +
            `(holdfast_certificate_expires_timestamp_seconds{${here}}) - time()`,
          legend: "{{region}} {{component}} {{use}}",
        },
      ],
    },
  ],
};

const etcd: Row = {
  title: "etcd",
  panels: [
    {
      title: "Members that follow a leader",
      description: "Members of each shard that know a leader. All of them is well.",
      runbook: "HoldfastEtcdMemberDown",
      kind: "lines",
      unit: "short",
      queries: [
        {
          expr: `sum by (region, shard) (etcd_server_has_leader{${shards}})`,
          legend: "{{region}} {{shard}}",
        },
      ],
    },
    {
      title: "Changes of leader",
      description: "In the last hour. Each costs the shard about a second; none is normal.",
      runbook: "HoldfastEtcdDiskSlow",
      kind: "lines",
      unit: "short",
      queries: [
        {
          expr:
            "max by (region, shard) " +
            `(increase(etcd_server_leader_changes_seen_total{${shards}}[1h]))`,
          legend: "{{region}} {{shard}}",
        },
      ],
    },
    {
      title: "Writes to disk (P99)",
      description: "How long etcd's log takes to be on disk. Below 10 ms is a good disk.",
      runbook: "HoldfastEtcdDiskSlow",
      kind: "lines",
      unit: "s",
      queries: [
        {
          expr:
            "histogram_quantile(0.99, sum by (region, shard, instance, le) " +
            `(rate(etcd_disk_wal_fsync_duration_seconds_bucket{${shards}}[$__rate_interval])))`,
          legend: "log {{instance}}",
        },
        {
          expr:
            "histogram_quantile(0.99, sum by (region, shard, instance, le) " +
            `(rate(etcd_disk_backend_commit_duration_seconds_bucket{${shards}}[$__rate_interval])))`,
          legend: "commit {{instance}}",
        },
      ],
      limits: { critical: 0.1 },
    },
    {
      title: "Part of the quota",
      description: "At 100 % etcd takes no more writes.",
      runbook: "HoldfastEtcdQuotaFilling",
      kind: "lines",
      unit: "percentunit",
      queries: [
        {
          expr:
            `etcd_mvcc_db_total_size_in_bytes{${shards}} / ` +
            `etcd_server_quota_backend_bytes{${shards}}`,
          legend: "{{shard}} {{instance}}",
        },
      ],
      limits: { critical: 0.8 },
    },
    {
      title: "Proposals",
      description: "Waiting for a majority, and failed a second. Both near 0 is well.",
      runbook: "HoldfastShardUnusable",
      kind: "lines",
      unit: "short",
      queries: [
        {
          expr: `etcd_server_proposals_pending{${shards}}`,
          legend: "waiting {{instance}}",
        },
        {
          expr: `rate(etcd_server_proposals_failed_total{${shards}}[$__rate_interval])`,
          legend: "failed {{instance}}",
        },
      ],
    },
  ],
};

const committer: Row = {
  title: "From the router to etcd",
  panels: [
    {
      title: "Operations in a batch",
      description:
        "Operations that share one transaction of etcd, on average. It grows with the load, and " +
        "that is how a shard keeps up.",
      runbook: "HoldfastLatencyHigh",
      kind: "lines",
      unit: "short",
      queries: [
        {
          expr:
            `sum by (region, shard) (rate(holdfast_commit_batch_operations_sum{${shards}}[$__rate_interval])) / ` +
            `sum by (region, shard) (rate(holdfast_commit_batch_operations_count{${shards}}[$__rate_interval]))`,
          legend: "{{region}} {{shard}}",
        },
      ],
    },
    {
      title: "Wait for a batch (P95)",
      description: "Time an operation stands in the committer's queue before it is sent.",
      runbook: "HoldfastLatencyHigh",
      kind: "lines",
      unit: "s",
      queries: [
        {
          expr:
            "histogram_quantile(0.95, sum by (region, shard, le) " +
            `(rate(holdfast_commit_wait_seconds_bucket{${shards}}[$__rate_interval])))`,
          legend: "{{region}} {{shard}}",
        },
      ],
    },
    {
      title: "Queue",
      description: "Operations that stand in the committers' queues.",
      runbook: "HoldfastLatencyHigh",
      kind: "lines",
      unit: "short",
      queries: [
        {
          expr: `sum by (region, shard) (holdfast_commit_queue_operations{${shards}})`,
          legend: "{{region}} {{shard}}",
        },
      ],
    },
    {
      title: "Requests to etcd (P95)",
      description: "What routers wait for etcd, by the kind of request.",
      runbook: "HoldfastEtcdDiskSlow",
      kind: "lines",
      unit: "s",
      queries: [
        {
          expr:
            "histogram_quantile(0.95, sum by (region, shard, kind, le) " +
            `(rate(holdfast_etcd_request_seconds_bucket{kind!="watch",${shards}}[$__rate_interval])))`,
          legend: "{{region}} {{shard}} {{kind}}",
        },
      ],
    },
    {
      title: "Requests to etcd that fail",
      description: "A second, by outcome.",
      runbook: "HoldfastShardUnusable",
      kind: "lines",
      unit: "reqps",
      queries: [
        {
          expr:
            "sum by (region, shard, outcome) " +
            `(rate(holdfast_etcd_request_seconds_count{outcome!="ok",${shards}}[$__rate_interval]))`,
          legend: "{{region}} {{shard}} {{outcome}}",
        },
      ],
    },
    {
      title: "Lease renewals",
      description: "A second, by outcome; and how late the oldest is that is late.",
      runbook: "HoldfastLeaseLag",
      kind: "lines",
      unit: "short",
      queries: [
        {
          expr:
            "sum by (region, shard, outcome) " +
            `(rate(holdfast_lease_renewals_total{${shards}}[$__rate_interval]))`,
          legend: "{{region}} {{shard}} {{outcome}}",
        },
        {
          expr: `max by (region, shard) (holdfast_lease_lag_seconds{${shards}})`,
          legend: "late (s) {{region}} {{shard}}",
        },
      ],
    },
    {
      title: "Streams",
      description: "Streams that clients hold open, by router: about as many on each is well.",
      runbook: "HoldfastTargetDown",
      kind: "lines",
      unit: "short",
      queries: [{ expr: `holdfast_streams{${here}}`, legend: "{{region}} {{instance}}" }],
    },
  ],
};

/** Pods, etcd, processes and their event loops. */
export const infrastructure: Dashboard = {
  uid: "holdfast-infrastructure",
  title: "Holdfast / Infrastructure",
  description: "What Holdfast runs on: processes, machines, etcd, and the way between them.",
  rows: [processes, etcd, committer],
};
