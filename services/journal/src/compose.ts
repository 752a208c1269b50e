import { hostname } from "node:os";
import { connectEtcdShard, type EtcdShardStore } from "@holdfast/adapter-etcd/etcd-shard-store";
import { KafkaEventLog } from "@holdfast/adapter-kafka/kafka-event-log";
import { RedisCache } from "@holdfast/adapter-redis/redis-cache";
import { startTelemetry } from "@holdfast/adapter-telemetry/telemetry";
import { type Clock, SystemClock, sleep } from "@holdfast/base/clock";
import type { Tracer } from "@holdfast/base/tracer";
import { CacheKeeper } from "@holdfast/engine/cache-keeper";
import { eventsTopic } from "@holdfast/engine/event-record";
import { ShardJournal } from "@holdfast/engine/journal/shard-journal";
import type { EventLog } from "@holdfast/engine/ports/event-log";
import type { Meter } from "@holdfast/engine/ports/meter";
import type { Logger } from "@holdfast/runtime/log";
import { openTls, type ServiceTls } from "@holdfast/runtime/open-tls";
import { ConfigError, type RunningService } from "@holdfast/runtime/service";
import { yieldToOthers } from "@holdfast/runtime/yield-to-others";
import type { JournalConfig } from "./config.ts";

/** Pause before the topic is looked for again at the start, in ms. */
const retryMs = 1_000;
/** How long a request to Kafka may take, and how long an append with all its tries, in ms. */
const requestTimeoutMs = 5_000;
const appendTimeoutMs = 10_000;

/** What the journals of all shards share. */
interface Shared {
  readonly clock: Clock;
  readonly events: EventLog;
  readonly meter: Meter;
  readonly tracer: Tracer | undefined;
  readonly cache: RedisCache | undefined;
  readonly log: Logger;
}

/**
 * Builds a journal for each shard. They work from the beginning, with the topic or without; the
 * service is ready once the topic is there.
 */
export async function compose(
  config: JournalConfig,
  log: Logger,
  clock: Clock = new SystemClock({ keepsAlive: true }),
): Promise<RunningService> {
  yieldToOthers(log);
  const tls = openTls(config.tls, clock, log);
  const telemetry = await startTelemetry(
    config,
    "journal",
    log,
    tls,
    "starting: looks for the topic in Kafka",
  );
  const { meter, tracer } = telemetry;
  const events = new KafkaEventLog({
    brokers: config.kafka,
    tls: tls.kafka,
    clientId: "holdfast-journal",
    clock,
    requestTimeoutMs,
    appendTimeoutMs,
    onLog: (message) => log.warn({ "event.action": "kafka" }, message),
  });
  const shared = { clock, events, meter, tracer, cache: openCache(config, log, tls), log };
  const stores = await connect(config, tls);
  const running = stores.map(({ name, store }) => startShard(config, name, store, shared));
  await awaitTopic(config, shared);
  telemetry.follow({ trouble: () => undefined });
  return {
    stop: async () => {
      await Promise.all(running.map((each) => each.stop()));
      await events.close();
      for (const { store } of stores) store.close();
      shared.cache?.close();
      await telemetry.close();
      tls.close();
    },
  };
}

async function connect({ region, shards }: JournalConfig, { etcd: tls }: ServiceTls) {
  const stores: { readonly name: string; readonly store: EtcdShardStore }[] = [];
  for (const { name, endpoints } of shards) {
    const connected = await connectEtcdShard({ endpoints, region, shard: name, tls });
    if (connected.kind !== "connected") throw new ConfigError(connected.message);
    stores.push({ name, store: connected.store });
  }
  return stores;
}

function startShard(
  { cluster, region }: JournalConfig,
  shard: string,
  store: EtcdShardStore,
  { clock, events, meter, tracer, cache, log }: Shared,
): RunningService {
  const keeper = cache && new CacheKeeper({ cluster, region, shard, cache, clock, meter });
  const journal = new ShardJournal({
    store,
    log: events,
    clock,
    meter,
    tracer,
    installation: cluster,
    region,
    shard,
    name: `${hostname()}/${process.pid}`,
    onNotice: ({ level, action, message }) => {
      log[level]({ "event.action": action, shard }, message);
    },
    ...(keeper && { onEvents: (told) => keeper.onEvents(told) }),
  });
  journal.start();
  return {
    stop: async () => {
      await journal.stop();
      keeper?.stop();
    },
  };
}

async function awaitTopic(
  { partitionsMin }: JournalConfig,
  { events, clock, log }: Shared,
): Promise<void> {
  for (;;) {
    const reply = await events.checkTopic(eventsTopic, partitionsMin);
    if (reply.kind === "ready") return;
    const level = reply.kind === "unavailable" ? "warn" : "error";
    log[level]({ "event.action": "waiting", "event.reason": reply.kind }, reply.message);
    await sleep(clock, retryMs);
  }
}

function openCache(
  { redis }: JournalConfig,
  log: Logger,
  { redis: tls }: ServiceTls,
): RedisCache | undefined {
  if (redis === undefined) return undefined;
  return new RedisCache({
    url: redis,
    tls,
    onConnection: (state, message) => {
      log[state === "connected" ? "info" : "warn"]({ "event.action": `cache-${state}` }, message);
    },
  });
}
