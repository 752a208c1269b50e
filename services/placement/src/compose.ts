import { connectEtcdShard, type EtcdShardStore } from "@holdfast/adapter-etcd/etcd-shard-store";
import { startTelemetry } from "@holdfast/adapter-telemetry/telemetry";
import { Cancellation } from "@holdfast/base/cancellation";
import { type Clock, SystemClock, sleep } from "@holdfast/base/clock";
import { type Random, SystemRandom } from "@holdfast/base/random";
import { Compaction, presentUnlessJournaled } from "@holdfast/engine/compaction";
import { type MeasuredShard, makeMeasuredShard } from "@holdfast/engine/metrics/measured-shard";
import { PlacementPublisher } from "@holdfast/engine/placement";
import type { Logger } from "@holdfast/runtime/log";
import { openTls } from "@holdfast/runtime/open-tls";
import { ConfigError, type RunningService } from "@holdfast/runtime/service";
import xxhash from "xxhash-wasm";
import type { PlacementConfig } from "./config.ts";

/** Pause before a shard that did not answer is tried again, in ms. */
const retryMs = 500;
/**
 * How often the placement is published again, in ms: it mends a shard that was emptied meanwhile.
 */
const republishMs = 60_000;

/** Builds the placement service: publishes once all shards answer, then compacts them. */
export async function compose(
  config: PlacementConfig,
  log: Logger,
  surroundings: { clock: Clock; random: Random } = {
    clock: new SystemClock(),
    random: new SystemRandom(),
  },
): Promise<RunningService> {
  const { h64 } = await xxhash();
  const tls = openTls(config.tls, surroundings.clock, log);
  const telemetry = await startTelemetry(config, "placement", log, tls);
  const state: State = { trouble: "starting: publishes the placement once every shard answers" };
  telemetry.follow({ trouble: () => state.trouble, ready: () => state.isPublished === true });
  const stores: EtcdShardStore[] = [];
  const shards: MeasuredShard[] = [];
  for (const { name, endpoints } of config.shards) {
    const { region } = config;
    const connected = await connectEtcdShard({ endpoints, region, shard: name, tls: tls.etcd });
    if (connected.kind !== "connected") throw new ConfigError(connected.message);
    stores.push(connected.store);
    shards.push(makeMeasuredShard(region, name, connected.store, surroundings, telemetry));
  }
  const publisher = new PlacementPublisher({
    cluster: config.cluster,
    region: config.region,
    shards,
    weights: new Map(config.shards.map(({ name, weight }) => [name, weight])),
    hierarchical: config.hierarchical,
    hash: h64,
    surroundings,
  });
  // Before publishing, which waits for every shard: the healthy ones must not fill up meanwhile.
  const compactions = shards.map(
    ({ store }) => new Compaction(store, surroundings.clock, presentUnlessJournaled(store)),
  );
  for (const compaction of compactions) compaction.start();
  await publishUntilDone(publisher, surroundings.clock, log, state);
  const stopped = new Cancellation();
  void republish(publisher, surroundings.clock, log, state, stopped);
  return {
    stop: async () => {
      stopped.cancel();
      state.isPublished = false;
      for (const compaction of compactions) compaction.stop();
      for (const store of stores) store.close();
      await telemetry.close();
      tls.close();
    },
  };
}

/** How the service fares. */
interface State {
  /** What is wrong, for people. */
  trouble: string | undefined;
  /** It has published: from then on it serves, whatever shard is away. */
  isPublished?: boolean;
}

async function republish(
  publisher: PlacementPublisher,
  clock: Clock,
  log: Logger,
  state: State,
  stopped: Cancellation,
): Promise<void> {
  while ((await sleep(clock, republishMs, stopped)) === "elapsed") {
    const published = await publisher.publish();
    state.trouble = "kind" in published ? published.message : undefined;
    if ("kind" in published) log.warn({ "event.action": "publish-failed" }, published.message);
  }
}

async function publishUntilDone(
  publisher: PlacementPublisher,
  clock: Clock,
  log: Logger,
  state: State,
): Promise<void> {
  for (;;) {
    const published = await publisher.publish();
    state.trouble = "kind" in published ? published.message : undefined;
    if (!("kind" in published)) {
      state.isPublished = true;
      log.info({ "event.action": "published", version: published.version }, "placement published");
      return;
    }
    if (published.code === "INVALID_ARGUMENT") throw new ConfigError(published.message);
    log.warn({ "event.action": "publish-failed" }, published.message);
    await sleep(clock, retryMs);
  }
}
