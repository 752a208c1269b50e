/**
 * Every version the toolchain knows, in one place. The etcd pin must equal the one in
 * `etcd/go.mod`, and the postgres pin the one in `postgres/package.json`; a test compares them.
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
  postgres: { npmVersion: "15.18.0-beta.17", versionMin: "15.0" },
} as const;
