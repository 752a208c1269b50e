/** Metrics that others make and our rules and dashboards read, with who makes them. */
export const foreignMetrics: Readonly<Record<string, readonly string[]>> = {
  /** Asked of a real etcd in these tests. */
  etcd: [
    "etcd_disk_backend_commit_duration_seconds",
    "etcd_disk_wal_fsync_duration_seconds",
    "etcd_mvcc_db_total_size_in_bytes",
    "etcd_mvcc_db_total_size_in_use_in_bytes",
    "etcd_server_has_leader",
    "etcd_server_leader_changes_seen_total",
    "etcd_server_proposals_failed_total",
    "etcd_server_proposals_pending",
    "etcd_server_quota_backend_bytes",
  ],
  /** What prom-client tells of every process of Node. */
  node: [
    "nodejs_eventloop_lag_p99_seconds",
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
  ],
  /** Made by Prometheus itself. */
  prometheus: ["up", "ALERTS"],
  /** https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/metrics/collectors/volume_stats.go */
  kubelet: ["kubelet_volume_stats_capacity_bytes", "kubelet_volume_stats_used_bytes"],
  /** https://github.com/google/cadvisor/blob/master/docs/storage/prometheus.md */
  cadvisor: ["container_memory_working_set_bytes", "container_spec_memory_limit_bytes"],
  /** https://github.com/kubernetes/kube-state-metrics/blob/main/docs/metrics/workload/pod-metrics.md */
  "kube-state-metrics": ["kube_pod_container_status_restarts_total"],
  /** https://github.com/prometheus/node_exporter: the collectors meminfo and filesystem. */
  "node exporter": [
    "node_filesystem_avail_bytes",
    "node_filesystem_size_bytes",
    "node_memory_MemAvailable_bytes",
    "node_memory_MemTotal_bytes",
  ],
};
