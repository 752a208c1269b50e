import type { Clock } from "@holdfast/base/clock";
import { type Failure, failure } from "@holdfast/base/failure";
import type { Random } from "@holdfast/base/random";
import { Committer, type CommitterOptions } from "./committer.ts";
import { LeasePool } from "./lease-pool.ts";
import type { Rejected, ShardStore, StoreFailure } from "./ports/shard-store.ts";

/** One shard as a router uses it. */
export interface Shard {
  readonly region: string;
  readonly name: string;
  readonly store: ShardStore;
  readonly committer: Committer;
  readonly pool: LeasePool;
}

/** What every engine part is built with. */
export interface Surroundings {
  readonly clock: Clock;
  readonly random: Random;
}

/** Puts the parts of a shard together. */
export function makeShard(
  region: string,
  name: string,
  store: ShardStore,
  surroundings: Surroundings,
  committer: Omit<CommitterOptions, "store"> = {},
): Shard {
  const shardCommitter = new Committer({ store, ...committer });
  return {
    region,
    name,
    store,
    committer: shardCommitter,
    pool: new LeasePool(store, shardCommitter, surroundings.clock),
  };
}

/** `region/shard`, as messages and leases name it. */
export function printShard(shard: Pick<Shard, "region" | "name">): string {
  return `${shard.region}/${shard.name}`;
}

/** How a store's trouble is told to a client. */
export function storeFailure(shard: Shard, reply: StoreFailure | Rejected): Failure {
  const where = printShard(shard);
  if (reply.kind === "unknown") {
    return failure(
      "UNKNOWN_OUTCOME",
      `Shard ${where} did not answer in time (${reply.message}); the request may have been ` +
        "carried out. Repeat it with the same request id.",
      { shard: where },
    );
  }
  if (reply.kind === "rejected" && reply.reason === "no-space") {
    return failure(
      "SHARD_UNAVAILABLE",
      `Shard ${where} has used up its space and takes no writes until an operator compacts and ` +
        "defragments it, or raises its quota.",
      { shard: where, retryAfterMs: 5_000 },
    );
  }
  if (reply.kind === "rejected" && reply.reason === "lease-not-found") {
    return failure("SESSION_EXPIRED", `The lease of this request in shard ${where} has ended.`, {
      shard: where,
    });
  }
  const what =
    reply.kind === "rejected"
      ? `refused the request, and nothing was done: ${reply.message}`
      : `is out of reach: ${reply.message}`;
  return failure("SHARD_UNAVAILABLE", `Shard ${where} ${what}.`, {
    shard: where,
    retryAfterMs: 500,
  });
}

/**
 * As {@link storeFailure}, for a step that leaves the lock itself untouched: even where the answer
 * was lost, what the client asked for was certainly not done.
 */
export function unreached(shard: Shard, reply: StoreFailure | Rejected): Failure {
  if (reply.kind !== "unknown") return storeFailure(shard, reply);
  const where = printShard(shard);
  return failure("SHARD_UNAVAILABLE", `Shard ${where} did not answer in time. Try again.`, {
    shard: where,
    retryAfterMs: 500,
  });
}
