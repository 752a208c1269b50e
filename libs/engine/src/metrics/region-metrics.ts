import type { LocalContext } from "../local-context.ts";
import type { Meter } from "../ports/meter.ts";
import type { MeasuredShard } from "./measured-shard.ts";

/** What a server of a region tells of its shards, looked up whenever somebody asks. */
export function followRegion(
  meter: Meter,
  context: LocalContext,
  shards: readonly MeasuredShard[],
  waitersIn: (shard: string) => number,
): void {
  const sessions = meter.gauge({
    name: "holdfast_sessions",
    help: "Sessions with a lease in the shard that is believed to live, as this process knows them",
    labels: ["shard"],
  });
  const waiters = meter.gauge({
    name: "holdfast_waiters",
    help: "Requests that stand in line for a lock of the shard through this process",
    labels: ["shard"],
  });
  const usable = meter.gauge({
    name: "holdfast_shard_usable",
    help: "1 while the shard is the one it is configured as, and answers",
    labels: ["shard"],
  });
  for (const { name, store } of shards) {
    const shard = { shard: name };
    sessions.follow(() => context.sessions.livingIn(name), shard);
    waiters.follow(() => waitersIn(name), shard);
    const isUsable = () => context.placements.isVerified(name) && store.isAnswering;
    usable.follow(() => (isUsable() ? 1 : 0), shard);
  }
}

/** How many clients' streams are open. */
export function followStreams(meter: Meter, streams: () => number): void {
  const gauge = meter.gauge({ name: "holdfast_streams", help: "Streams of clients that are open" });
  gauge.follow(streams);
}
