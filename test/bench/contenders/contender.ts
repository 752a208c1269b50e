import type { Load } from "../closed-loop.ts";

/** A way to lock, under load in a process of its own. */
export interface Contender extends Load {
  close(): Promise<void>;
}

/** Where the servers are that a contender talks to. */
export interface ContenderSettings {
  /** URLs of the members of one etcd cluster, the leader's first. */
  readonly etcd: readonly string[];
  /** Ports of independent Redis servers. */
  readonly redis: readonly number[];
  /** Port of a Postgres server. */
  readonly postgres: number;
  /** Address of a Holdfast router. */
  readonly router: string;
}

/** The contenders, by the names their figures carry. */
export const contenderNames = [
  "ceiling",
  "holdfast",
  "single_txn",
  "etcd3_lock",
  "redlock",
  "postgres",
] as const;

/** One of them. */
export type ContenderName = (typeof contenderNames)[number];
