/**
 * Every version the toolchain knows, in one place. The pins must equal those in `etcd/go.mod`,
 * `versitygw/go.mod`, `helm/go.mod`, `helm-unittest/go.mod`, `kubeconform/go.mod`,
 * `postgres/package.json`, `kafka/pom.xml` and `checkov/constraints.txt`; a test compares them.
 */
export const PINNED = {
  etcd: {
    /** What is built or fetched when the machine has nothing usable. */
    version: "3.6.16",
    /** Older ones have lease and stale-read bugs; 3.4.23, as distributions ship it, has both. */
    versionMin: "3.6.14",
    image: "gcr.io/etcd-development/etcd:v3.6.16",
  },
  redis: { versionMin: "7.0.0", image: "redis:7-bookworm" },
  haproxy: { versionMin: "2.6.0", image: "haproxy:2.6-bookworm" },
  postgres: { npmVersion: "15.18.0-beta.17", versionMin: "15.0" },
  kafka: {
    version: "4.3.1",
    /** The first without ZooKeeper that can be relied on. */
    versionMin: "3.9.0",
    image: "apache/kafka:4.3.1",
    /** What the pinned version is compiled for. */
    javaMin: 17,
  },
  versitygw: {
    version: "1.8.0",
    versionMin: "1.8.0",
    image: "versity/versitygw:v1.8.0",
  },
  helm: { version: "3.22.0", versionMin: "3.14.0", image: "alpine/helm:3.22.0" },
  helmUnittest: { version: "1.1.2" },
  kubeconform: {
    version: "0.8.0",
    versionMin: "0.6.7",
    image: "ghcr.io/yannh/kubeconform:v0.8.0",
  },
  kubernetes: {
    /** Whose objects the chart must be good for; a newer API only adds to it. */
    version: "1.35.4",
    /** Of the Go module k8s.io/kubernetes, as go.sum would have it. */
    sum: "h1:o/8dBC/pHVpYoGV4OAIytAlNPZbdYVTXJHoYvXC4qzM=",
  },
  terraform: {
    /** The first whose state needs no table beside it to be locked, and whose tests plan mocks. */
    versionMin: "1.11.0",
    image: "hashicorp/terraform:1.11.4",
  },
  checkov: { version: "3.3.30", versionMin: "3.3.0" },
  /** Those of Debian 12: what the rules and the routing are checked with runs there too. */
  prometheus: { versionMin: "2.42.0", image: "prom/prometheus:v2.42.0" },
  alertmanager: { versionMin: "0.25.0", image: "prom/alertmanager:v0.25.0" },
} as const;
