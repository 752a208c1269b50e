import type { AlertCase } from "./alert-case.ts";

const volume = 'namespace="holdfast-east",persistentvolumeclaim="data-e1",instance="n1"';
const used = `kubelet_volume_stats_used_bytes{${volume}}`;
const capacity = `kubelet_volume_stats_capacity_bytes{${volume}}`;
const stranger = 'namespace="billing",persistentvolumeclaim="data",instance="n1"';
const disk = 'instance="db1",mountpoint="/var",fstype="ext4"';
const container = 'namespace="holdfast-east",pod="r1",container="router",instance="n1"';
const working = `container_memory_working_set_bytes{${container}}`;
const limit = `container_spec_memory_limit_bytes{${container}}`;
const certificate =
  "holdfast_certificate_expires_timestamp_seconds" +
  '{region="us-east-1",component="router",use="server",instance="r1"}';
const certificateLabels = { region: "us-east-1", component: "router", use: "server" };
const day = 86_400;

/** Disks, memory and certificates. Time begins at 0 in promtool's tests. */
export const machineCases: readonly AlertCase[] = [
  {
    alert: "HoldfastDiskFilling",
    when: "an etcd member's volume is 90 % full",
    series: { [used]: "90x30", [capacity]: "100x30" },
    at: "20m",
    fires: [
      {
        labels: { namespace: "holdfast-east", persistentvolumeclaim: "data-e1", instance: "n1" },
        value: "90%",
      },
    ],
  },
  {
    alert: "HoldfastDiskFilling",
    when: "a machine's disk is 85 % full",
    series: {
      [`node_filesystem_avail_bytes{${disk}}`]: "15x30",
      [`node_filesystem_size_bytes{${disk}}`]: "100x30",
    },
    at: "20m",
    fires: [{ labels: { instance: "db1", mountpoint: "/var", fstype: "ext4" }, value: "85%" }],
  },
  {
    alert: "HoldfastDiskFilling",
    when: "ours is 79 % full, and somebody else's 99 %",
    series: {
      [used]: "79x30",
      [capacity]: "100x30",
      [`kubelet_volume_stats_used_bytes{${stranger}}`]: "99x30",
      [`kubelet_volume_stats_capacity_bytes{${stranger}}`]: "100x30",
    },
    at: "20m",
    fires: [],
  },
  {
    alert: "HoldfastMemoryHigh",
    when: "a router uses 90 % of its limit",
    series: { [working]: "90x30", [limit]: "100x30" },
    at: "20m",
    fires: [
      {
        labels: { namespace: "holdfast-east", pod: "r1", container: "router", instance: "n1" },
        value: "90%",
      },
    ],
  },
  {
    alert: "HoldfastMemoryHigh",
    when: "a container has no limit, which reads as 0",
    series: { [working]: "90x30", [limit]: "0x30" },
    at: "20m",
    fires: [],
  },
  {
    alert: "HoldfastCertificateExpiring",
    when: "it has 10 days left",
    series: { [certificate]: `${10 * day}x130` },
    every: "2m",
    at: "100m",
    fires: [{ labels: certificateLabels, value: "9d 22h 20m 0s" }],
  },
  {
    alert: "HoldfastCertificateExpiring",
    when: "it has 30 days left",
    series: { [certificate]: `${30 * day}x130` },
    every: "2m",
    at: "100m",
    fires: [],
  },
  {
    alert: "HoldfastCertificateExpired",
    when: "it has an hour left",
    series: { [certificate]: "7200x130" },
    every: "2m",
    at: "60m",
    fires: [{ labels: certificateLabels, value: "1h 0m 0s" }],
  },
  {
    alert: "HoldfastCertificateExpired",
    when: "it has 10 days left",
    series: { [certificate]: `${10 * day}x130` },
    every: "2m",
    at: "60m",
    fires: [],
  },
];
