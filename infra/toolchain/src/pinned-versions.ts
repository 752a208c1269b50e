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
  /** Those of Debian 12: what the rules and the routing are checked with runs there too. */
  prometheus: { versionMin: "2.42.0", image: "prom/prometheus:v2.42.0" },
  alertmanager: { versionMin: "0.25.0", image: "prom/alertmanager:v0.25.0" },
} as const;
