import type { Tracer } from "@holdfast/base/tracer";
import type { CommitterOptions } from "../committer.ts";
import type { Meter } from "../ports/meter.ts";
import type { ShardStore } from "../ports/shard-store.ts";
import { makeShard, type Shard, type Surroundings } from "../shard.ts";
import { commitMetrics } from "./commit-metrics.ts";
import { MeasuredStore } from "./measured-store.ts";

/** Who is told of what a shard is asked for. */
export interface ShardWitness {
  readonly meter: Meter;
  /** Absent: nothing is traced. */
  readonly tracer?: Tracer | undefined;
}

/** A shard as {@link makeShard} makes it, whose requests and batches are counted and timed. */
export interface MeasuredShard extends Shard {
  readonly store: MeasuredStore;
}

/** See {@link MeasuredShard}. */
export function makeMeasuredShard(
  region: string,
  name: string,
  store: ShardStore,
  surroundings: Surroundings,
  { meter, tracer }: ShardWitness,
  committer: Pick<CommitterOptions, "pace"> = {},
): MeasuredShard {
  const measured = new MeasuredStore(store, name, meter, surroundings.clock);
  const metrics = commitMetrics(meter, name);
  const witness = { metrics, clock: surroundings.clock, ...(tracer && { tracer, shard: name }) };
  const shard = makeShard(region, name, measured, surroundings, { ...committer, witness });
  metrics.follow(() => shard.committer.queued);
  return { ...shard, store: measured };
}
