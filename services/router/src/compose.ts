import { connectEtcdShard, type EtcdShardStore } from "@holdfast/adapter-etcd/etcd-shard-store";
import { shardMembers } from "@holdfast/adapter-etcd/shard-members";
import { CoordinatorAdmin } from "@holdfast/adapter-grpc/coordinator-admin";
import { coordinatorPeers } from "@holdfast/adapter-grpc/coordinator-peers";
import { Peer } from "@holdfast/adapter-grpc/peer";
import { type GrpcServer, serveGrpc } from "@holdfast/adapter-grpc/serve-grpc";
import { KafkaEventLog } from "@holdfast/adapter-kafka/kafka-event-log";
import { RedisCache } from "@holdfast/adapter-redis/redis-cache";
import { startTelemetry, type Telemetry } from "@holdfast/adapter-telemetry/telemetry";
import { Cancellation } from "@holdfast/base/cancellation";
import { type Clock, SystemClock, sleep } from "@holdfast/base/clock";
import { type Random, randomId, SystemRandom } from "@holdfast/base/random";
import type { Hash64 } from "@holdfast/core/placement/slot";
import { Admin } from "@holdfast/engine/admin";
import { AttemptStream } from "@holdfast/engine/attempts/attempt-stream";
import { ObservedTier } from "@holdfast/engine/attempts/observed-tier";
import { BatchPace } from "@holdfast/engine/batch-pace";
import { CachedReads } from "@holdfast/engine/cached-reads";
import { LocalLocks } from "@holdfast/engine/local-locks";
import { MemoryShardStore } from "@holdfast/engine/memory/memory-shard-store";
import { type MeasuredShard, makeMeasuredShard } from "@holdfast/engine/metrics/measured-shard";
import { followRegion, followStreams } from "@holdfast/engine/metrics/region-metrics";
import { toldTier } from "@holdfast/engine/metrics/told-tier";
import { PlacementPublisher } from "@holdfast/engine/placement";
import type { Meter } from "@holdfast/engine/ports/meter";
import type { ShardStore } from "@holdfast/engine/ports/shard-store";
import { Router } from "@holdfast/engine/router";
import type { Shard } from "@holdfast/engine/shard";
import type { Logger } from "@holdfast/runtime/log";
import { openDoor } from "@holdfast/runtime/open-door";
import { openTls, type ServiceTls } from "@holdfast/runtime/open-tls";
import { ConfigError, type RunningService } from "@holdfast/runtime/service";
import { version } from "@holdfast/runtime/version";
import xxhash from "xxhash-wasm";
import type { RouterConfig } from "./config.ts";

/** How long a router that is told to stop lets calls finish, in ms. */
const drainMs = 3_000;

/** How long Kafka may take over a batch of refusals, in ms: a router that stops may wait for it. */
const attemptsMs = 2_000;

/** How often health is told anew, in ms. */
const healthMs = 250;

/** The parts a test may replace. */
export interface Surroundings {
  readonly clock: Clock;
  readonly random: Random;
}

/** Builds a router and opens its door. */
export async function compose(
  config: RouterConfig,
  log: Logger,
  surroundings: Surroundings = { clock: new SystemClock(), random: new SystemRandom() },
): Promise<RunningService> {
  const { h64 } = await xxhash();
  const { clock } = surroundings;
  const tls = openTls(config.tls, clock, log);
  const telemetry = await startTelemetry(config, "router", log, tls);
  const etcd = new Map<string, EtcdShardStore>();
  const shards: MeasuredShard[] = [];
  for (const { name, endpoints } of config.shards) {
    const store = await openStore(config, name, endpoints, surroundings, etcd, tls);
    shards.push(pacedShard(config.region, name, store, surroundings, telemetry));
  }
  if (config.store === "memory") await publish(config, shards, h64, surroundings);
  const { cluster, region } = config;
  const local = new LocalLocks({ cluster, region, shards, hash: h64, surroundings });
  await local.start();
  const peers = reachPeers(config, surroundings, tls);
  const global = reachCoordinators(config, h64, surroundings, tls);
  const cache = openCache(config, log, tls);
  const cached = cache && new CachedReads({ cluster, local, cache, meter: telemetry.meter });
  const routerId = randomId(surroundings.random);
  const attempts = tellAttempts(config, routerId, telemetry.meter, log, surroundings, tls);
  const admin = new Admin({
    context: local.context,
    about: { version, cluster, routerId, store: config.store },
    shardEndpoints: new Map(config.shards.map(({ name, endpoints }) => [name, endpoints])),
    members: async (shard) => membersOf(etcd.get(shard)),
    peers,
    peerEndpoints: config.peers,
    endpoint: config.listen,
    ...(global && { global: global.admin }),
  });
  const router = new Router({
    local,
    peers,
    ...(global && { global: global.tier }),
    ...(cached && { cached }),
  });
  const observed = attempts === undefined ? router : new ObservedTier(router, attempts.stream);
  const opening = serveGrpc({
    listen: config.listen,
    tier: toldTier(observed, telemetry, clock, "router"),
    admin,
    clock,
    reflection: config.reflection,
    connectionAge: agingOf(config, surroundings),
    tls: tls.door,
  });
  const door = await openDoor("HOLDFAST_LISTEN", config.listen, opening);
  const stopped = new Cancellation();
  tellStanding(telemetry, local, shards, door, stopped);
  void tellHealth(local, door, clock, stopped);
  log.info({ "event.action": "listening", address: door.address }, `listening on ${door.address}`);
  return {
    stopsLongerMs: () => door.drainsLongerMs,
    stop: async () => {
      stopped.cancel();
      await door.drain(drainMs);
      local.stop();
      for (const peer of [...peers.values(), global?.tier, global?.admin]) peer?.close();
      for (const store of [...etcd.values(), cache]) store?.close();
      await attempts?.close();
      await telemetry.close();
      tls.close();
    },
  };
}

/** Its batches keep a distance: a router has many callers, who ask for a little each. */
function pacedShard(
  region: string,
  name: string,
  store: ShardStore,
  surroundings: Surroundings,
  telemetry: Telemetry,
): MeasuredShard {
  const pace = new BatchPace(surroundings.clock);
  return makeMeasuredShard(region, name, store, surroundings, telemetry, { pace });
}

/** Undefined where clients may stay for ever. */
function agingOf({ connectionAgeMs: ageMs }: RouterConfig, { random }: Surroundings) {
  return ageMs === undefined ? undefined : { ageMs, random };
}

/** None where the shard is kept in memory. */
async function membersOf(store: EtcdShardStore | undefined) {
  return store === undefined ? [] : shardMembers(store);
}

function reachPeers(
  { peers }: RouterConfig,
  { clock }: Surroundings,
  { service: tls }: ServiceTls,
): Map<string, Peer> {
  const reach = (region: string, addresses: readonly string[]) =>
    new Peer({ region, addresses, clock, tls });
  return new Map([...peers].map(([name, addresses]) => [name, reach(name, addresses)]));
}

/** Undefined where the region has no coordinators: then there are no global locks. */
function reachCoordinators(
  { coordinators: addresses }: RouterConfig,
  hash: Hash64,
  { clock }: Surroundings,
  { service: tls }: ServiceTls,
) {
  if (addresses.length === 0) return undefined;
  return {
    tier: coordinatorPeers({ addresses, hash, clock, tls }),
    admin: new CoordinatorAdmin(addresses, tls),
  };
}

/** Undefined where there is none: CACHED reads are then as any other. */
function openCache(
  { redis }: RouterConfig,
  log: Logger,
  { redis: tls }: ServiceTls,
): RedisCache | undefined {
  if (redis === undefined) return undefined;
  return new RedisCache({
    url: redis,
    tls,
    onConnection: (state, message) => {
      const action = { "event.action": `cache-${state}` };
      if (state === "connected") log.info(action, "the cache is there");
      else log.warn(action, `the cache is not there, and reads go without it: ${message}`);
    },
  });
}

/** Undefined where there is no log for what is refused. */
function tellAttempts(
  { kafka, region }: RouterConfig,
  router: string,
  meter: Meter,
  log: Logger,
  { clock }: Surroundings,
  { kafka: tls }: ServiceTls,
) {
  if (kafka.length === 0) return undefined;
  const events = new KafkaEventLog({
    brokers: kafka,
    tls,
    clientId: "holdfast-router",
    clock,
    requestTimeoutMs: attemptsMs / 2,
    appendTimeoutMs: attemptsMs,
    onLog: (message) => log.debug({ "event.action": "kafka" }, message),
  });
  const onTrouble = (message: string | undefined): void => {
    const action = { "event.action": message === undefined ? "attempts-resumed" : "attempts-lost" };
    if (message === undefined) log.info(action, "refusals are told again");
    else log.warn(action, `refusals are kept back, and dropped if they are many: ${message}`);
  };
  const stream = new AttemptStream({ log: events, clock, meter, router, region, onTrouble });
  stream.start();
  return {
    stream,
    close: async () => {
      await stream.stop();
      await events.close();
    },
  };
}

/** What is looked up whenever somebody asks, and how the router fares. */
function tellStanding(
  { meter, follow }: Telemetry,
  local: LocalLocks,
  shards: readonly MeasuredShard[],
  door: GrpcServer,
  stopped: Cancellation,
): void {
  followRegion(meter, local.context, shards, (name) => local.context.queues.waitersIn(name));
  followStreams(meter, () => door.streamCount);
  follow({
    trouble: () => (local.isReady ? undefined : "no shard of the region can be used"),
    ready: () => local.isReady && !stopped.cancelled,
  });
}

/** A router that can serve no lock says so, so that load balancers look for another one. */
async function tellHealth(
  local: LocalLocks,
  door: GrpcServer,
  clock: Clock,
  stopped: Cancellation,
): Promise<void> {
  do door.setServing(local.isReady);
  while ((await sleep(clock, healthMs, stopped)) === "elapsed");
}

async function openStore(
  { store, region }: RouterConfig,
  shard: string,
  endpoints: readonly string[],
  surroundings: Surroundings,
  etcd: Map<string, EtcdShardStore>,
  { etcd: tls }: ServiceTls,
): Promise<ShardStore> {
  if (store === "memory") return new MemoryShardStore(surroundings);
  if (endpoints.length === 0) {
    throw new ConfigError(`HOLDFAST_SHARDS names no etcd member for shard ${shard}.`);
  }
  const connected = await connectEtcdShard({ endpoints, region, shard, tls });
  if (connected.kind !== "connected") throw new ConfigError(connected.message);
  etcd.set(shard, connected.store);
  return connected.store;
}

/** With the memory store the router is alone with its shards: it places them itself. */
async function publish(
  { cluster, region, shards: configured, hierarchical }: RouterConfig,
  shards: readonly Shard[],
  hash: Hash64,
  surroundings: Surroundings,
): Promise<void> {
  const weights = new Map(configured.map(({ name, weight }) => [name, weight]));
  const published = await new PlacementPublisher({
    cluster,
    region,
    shards,
    weights,
    hierarchical,
    hash,
    surroundings,
  }).publish();
  if ("kind" in published) throw new ConfigError(published.message);
}
