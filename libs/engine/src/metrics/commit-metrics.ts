import type { BoundHistogram, Meter } from "../ports/meter.ts";
import { batchBuckets, latencyBuckets } from "./buckets.ts";

/** What one committer tells of its batches. */
export interface CommitMetrics {
  /** Operations in each batch. */
  readonly batch: BoundHistogram;
  /** How long each operation was queued before it was sent, in seconds. */
  readonly wait: BoundHistogram;
}

/** The instruments of a shard's committer. */
export function commitMetrics(
  meter: Meter,
  shard: string,
): CommitMetrics & { follow(queued: () => number): void } {
  const batch = meter.histogram({
    name: "holdfast_commit_batch_operations",
    help: "Operations that went to a shard in one transaction",
    labels: ["shard"],
    buckets: batchBuckets,
  });
  const wait = meter.histogram({
    name: "holdfast_commit_wait_seconds",
    help: "How long operations were queued for a shard before they were sent",
    labels: ["shard"],
    buckets: latencyBuckets,
  });
  const queue = meter.gauge({
    name: "holdfast_commit_queue_operations",
    help: "Operations that are queued for a shard and not sent",
    labels: ["shard"],
  });
  return {
    batch: batch.with({ shard }),
    wait: wait.with({ shard }),
    follow: (queued) => queue.follow(queued, { shard }),
  };
}
