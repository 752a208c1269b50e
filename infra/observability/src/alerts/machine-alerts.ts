import type { AlertGroup } from "./alert.ts";

/**
 * Namespaces of Kubernetes that hold a release. Without it, everybody else's volumes on the same
 * cluster would be ours to look after.
 */
const ours = 'namespace=~".*holdfast.*"';
const realDisks = 'fstype!~"tmpfs|ramfs|overlay|squashfs|nsfs"';
const day = 86_400;

const expiresIn =
  "min by (region, component, use) (holdfast_certificate_expires_timestamp_seconds) - time()";

/** Disks, memory and certificates: what runs out slowly. */
export const machineAlerts: AlertGroup = {
  name: "holdfast-machine",
  alerts: [
    {
      name: "HoldfastDiskFilling",
      severity: "warning",
      tier: "machine",
      expr:
        `kubelet_volume_stats_used_bytes{${ours}} / kubelet_volume_stats_capacity_bytes{${ours}} ` +
        `> 0.8 or 1 - node_filesystem_avail_bytes{${realDisks}} / ` +
        `node_filesystem_size_bytes{${realDisks}} > 0.8`,
      for: "10m",
      summary:
        "{{ $labels.persistentvolumeclaim }}{{ $labels.mountpoint }} on {{ $labels.instance }} " +
        "is {{ $value | humanizePercentage }} full",
      description: "A full disk stops what writes to it: an etcd member, Postgres, Kafka.",
    },
    {
      name: "HoldfastMemoryHigh",
      severity: "warning",
      tier: "machine",
      expr:
        `container_memory_working_set_bytes{${ours},container!=""} / ` +
        `(container_spec_memory_limit_bytes{${ours},container!=""} > 0) > 0.85 ` +
        "or 1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes > 0.85",
      for: "10m",
      summary:
        "{{ $labels.instance }} {{ $labels.pod }} uses {{ $value | humanizePercentage }} " +
        "of its memory",
      description:
        "At its limit the process is killed. A router's clients move to another one; an etcd " +
        "member has to catch up.",
    },
    {
      name: "HoldfastCertificateExpiring",
      severity: "warning",
      tier: "machine",
      expr: `${expiresIn} < ${14 * day}`,
      for: "1h",
      summary:
        "the {{ $labels.use }} certificate of {{ $labels.component }} in {{ $labels.region }} " +
        "expires in {{ $value | humanizeDuration }}",
      description: "It should have been renewed by itself long before.",
    },
    {
      name: "HoldfastCertificateExpired",
      severity: "critical",
      tier: "machine",
      expr: `${expiresIn} < ${2 * day}`,
      for: "5m",
      summary:
        "the {{ $labels.use }} certificate of {{ $labels.component }} in {{ $labels.region }} " +
        "is over in {{ $value | humanizeDuration }}, or already",
      description: "From then on every connection that it is shown on is refused.",
    },
  ],
};
