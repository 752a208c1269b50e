import type { AlertCase } from "./alert-case.ts";

const shard = { region: "us-east-1", shard: "s0" };
const labels = 'region="us-east-1",shard="s0"';
const member = 'component="etcd",region="us-east-1",shard="s0",instance="e1"';
const usable = (instance: string) => `holdfast_shard_usable{${labels},instance="${instance}"}`;
const fsync = (bound: string) =>
  `etcd_disk_wal_fsync_duration_seconds_bucket{${member},le="${bound}"}`;
const size = `etcd_mvcc_db_total_size_in_bytes{${member}}`;
const quota = `etcd_server_quota_backend_bytes{${member}}`;
const late = `holdfast_lease_lag_seconds{${labels},instance="r1"}`;

/** The etcd clusters. */
export const shardCases: readonly AlertCase[] = [
  {
    alert: "HoldfastEtcdMemberDown",
    when: "one of three does not answer for two minutes",
    series: {
      [`up{${member}}`]: "1x2 0x10",
      'up{component="etcd",region="us-east-1",shard="s0",instance="e2"}': "1x12",
    },
    at: "6m",
    fires: [{ labels: { ...shard, component: "etcd", instance: "e1" } }],
  },
  {
    alert: "HoldfastEtcdMemberDown",
    when: "all answer",
    series: { [`up{${member}}`]: "1x12" },
    at: "6m",
    fires: [],
  },
  {
    alert: "HoldfastShardUnusable",
    when: "no router can use it",
    series: { [usable("r1")]: "1x2 0x10", [usable("r2")]: "1x2 0x10" },
    at: "4m",
    fires: [{ labels: shard }],
  },
  {
    alert: "HoldfastShardUnusable",
    when: "one router cannot, and another one can",
    series: { [usable("r1")]: "0x12", [usable("r2")]: "1x12" },
    at: "4m",
    fires: [],
  },
  {
    alert: "HoldfastEtcdDiskSlow",
    when: "writes take 100 to 200 ms",
    series: { [fsync("0.1")]: "0x40", [fsync("0.2")]: "0+600x40", [fsync("+Inf")]: "0+600x40" },
    at: "20m",
    fires: [{ labels: { ...shard, instance: "e1" }, value: "199ms" }],
  },
  {
    alert: "HoldfastEtcdDiskSlow",
    when: "they take less",
    series: { [fsync("0.1")]: "0+600x40", [fsync("0.2")]: "0+600x40", [fsync("+Inf")]: "0+600x40" },
    at: "20m",
    fires: [],
  },
  {
    alert: "HoldfastEtcdQuotaFilling",
    when: "90 % is used",
    series: { [size]: "1800x20", [quota]: "2000x20" },
    at: "10m",
    fires: [{ labels: { ...shard, component: "etcd", instance: "e1" }, value: "90%" }],
  },
  {
    alert: "HoldfastEtcdQuotaFilling",
    when: "half is used",
    series: { [size]: "1000x20", [quota]: "2000x20" },
    at: "10m",
    fires: [],
  },
  {
    alert: "HoldfastLeaseLag",
    when: "a renewal has waited for five seconds, and they go on to",
    series: { [late]: "0x2 5x10" },
    at: "6m",
    fires: [{ labels: shard, value: "5s" }],
  },
  {
    alert: "HoldfastLeaseLag",
    when: "one was late for a moment",
    series: { [late]: "0x2 5 0x10" },
    at: "6m",
    fires: [],
  },
];
