import { connectEtcdShard, type EtcdShardStore } from "@holdfast/adapter-etcd/etcd-shard-store";
import { shardMembers } from "@holdfast/adapter-etcd/shard-members";
import { coordinatorPeers } from "@holdfast/adapter-grpc/coordinator-peers";
import { MembershipClient } from "@holdfast/adapter-grpc/membership-client";
import type { Peer } from "@holdfast/adapter-grpc/peer";
import { type GrpcServer, serveGrpc } from "@holdfast/adapter-grpc/serve-grpc";
import type { VotingIdentity } from "@holdfast/adapter-grpc/voting-identity";
import { type VotingHealth, VotingPeer } from "@holdfast/adapter-grpc/voting-peer";
import { VotingServer } from "@holdfast/adapter-grpc/voting-server";
import { startTelemetry, type Telemetry } from "@holdfast/adapter-telemetry/telemetry";
import { Cancellation } from "@holdfast/base/cancellation";
import { type Clock, SystemClock, sleep } from "@holdfast/base/clock";
import { type Random, randomId, SystemRandom } from "@holdfast/base/random";
import { type DelegationPolicy, defaultDelegationPolicy } from "@holdfast/core/delegation/recall";
import type { Hash64 } from "@holdfast/core/placement/slot";
import { BallotSource } from "@holdfast/core/quorum/ballot";
import { Admin } from "@holdfast/engine/admin";
import { AdmittedRegion } from "@holdfast/engine/admitted-region";
import { CoordinatorTier } from "@holdfast/engine/coordinator-tier";
import { GlobalLocks } from "@holdfast/engine/global-locks";
import { GlobalMembers } from "@holdfast/engine/global-members";
import { LocalLocks } from "@holdfast/engine/local-locks";
import { Membership } from "@holdfast/engine/membership";
import { makeMeasuredShard } from "@holdfast/engine/metrics/measured-shard";
import { countRounds, followQuorum, timeRoundTrips } from "@holdfast/engine/metrics/quorum-metrics";
import { followRegion, followStreams } from "@holdfast/engine/metrics/region-metrics";
import { toldTier } from "@holdfast/engine/metrics/told-tier";
import { farthestRegionMs, nearestRegionMs } from "@holdfast/engine/nearest-region";
import type { Meter } from "@holdfast/engine/ports/meter";
import { type ProposerIdentity, takeIdentity } from "@holdfast/engine/proposer-identity";
import { RegionAcceptor } from "@holdfast/engine/region-acceptor";
import type { Shard } from "@holdfast/engine/shard";
import type { Logger } from "@holdfast/runtime/log";
import { openDoor } from "@holdfast/runtime/open-door";
import { openTls, type ServiceTls } from "@holdfast/runtime/open-tls";
import { ConfigError, type RunningService } from "@holdfast/runtime/service";
import { version } from "@holdfast/runtime/version";
import xxhash from "xxhash-wasm";
import type { CoordinatorConfig } from "./config.ts";

/** How long a coordinator that is told to stop lets calls finish, in ms. */
const drainMs = 3_000;
/** How often health is told anew, in ms. */
const healthMs = 100;
/** Pause before a shard that gave no identity is asked again, in ms. */
const retryMs = 500;
/** So often it says that it has none yet, in ms. */
const sayEveryMs = 10_000;
/** How long a start waits for the other regions, in ms: a new installation needs them all. */
const formMs = 5_000;

/** The parts a test may replace. */
export interface Surroundings {
  readonly clock: Clock;
  readonly random: Random;
}

/** Builds a coordinator and opens its door. */
export async function compose(
  config: CoordinatorConfig,
  log: Logger,
  surroundings: Surroundings = { clock: new SystemClock(), random: new SystemRandom() },
): Promise<RunningService> {
  const { cluster, region, listen } = config;
  const { clock } = surroundings;
  const { h64: hash } = await xxhash();
  const tls = openTls(config.tls, clock, log);
  const telemetry = await startTelemetry(config, "coordinator", log, tls);
  const stores = await openStores(config, tls);
  const shards = [...stores].map(([name, store]) =>
    makeMeasuredShard(region, name, store, surroundings, telemetry),
  );
  const local = new LocalLocks({ cluster, region, shards, hash, surroundings });
  await local.start();
  const { proposer, incarnation } = await ownIdentity(config, shards, surroundings, log);
  const identity = { cluster, region, proposer, incarnation };
  const others = reachOthers(config, identity, surroundings, telemetry.meter, log, tls);
  const coordinators = reachCoordinators(config, hash, surroundings, tls);
  const delegates = { coordinators, ...(config.delegation && { policy: defaultDelegationPolicy }) };
  const tier = globalTier(identity, local, shards, others, delegates, telemetry, surroundings);
  const { membership, own, locks } = tier;
  const askers = [...config.peers.keys()];
  const voting = new VotingServer({
    region: own,
    identity,
    askers,
    clock,
    onRefused: (message) => log.warn({ "event.action": "asker-refused" }, message),
  });
  const members = globalAdmin(membership, others, surroundings);
  const admin = adminOf(config, local, stores, members, surroundings);
  const opening = serveGrpc({
    listen,
    tier: toldTier(new CoordinatorTier(locks, region), telemetry, clock, "coordinator"),
    admin,
    clock,
    reflection: config.reflection,
    tls: tls.door,
    coordinators: { voting, membership: { membership, cluster, askers, clock } },
  });
  const door = await openDoor("HOLDFAST_LISTEN", listen, opening);
  log.info({ "event.action": "listening", address: door.address }, `listening on ${door.address}`);
  const stopped = new Cancellation();
  const mayServe = () => local.isReady && typeof membership.generation() === "number";
  followRegion(telemetry.meter, local.context, shards, (name) => locks.waitersIn(name));
  followStreams(telemetry.meter, () => door.streamCount);
  const mayVote = () => mayServe() && membership.refusal() === undefined;
  followQuorum(telemetry.meter, { region, mayVote }, others.voters, () => locks.delegated);
  telemetry.follow({
    trouble: () => membership.refusal()?.message ?? (mayServe() ? undefined : "decides no lock"),
    ready: () => mayServe() && !stopped.cancelled,
  });
  void membership.start();
  void tellHealth(door, mayServe, clock, stopped);
  await untilServing(mayServe, membership, clock);
  return {
    stop: async () => {
      stopped.cancel();
      await Promise.all([locks.retire(drainMs), door.drain(drainMs)]);
      for (const part of [locks, membership, local]) part.stop();
      const links = [...others.voters, ...others.members, ...coordinators.values()];
      for (const each of links) each.close();
      for (const store of stores.values()) store.close();
      await telemetry.close();
      tls.close();
    },
  };
}

/** This region's vote, and what proposes for its clients. */
function globalTier(
  { region, proposer, incarnation }: VotingIdentity,
  local: LocalLocks,
  shards: readonly Shard[],
  others: Others,
  delegates: Delegates,
  { meter, tracer }: Telemetry,
  surroundings: Surroundings,
) {
  const { placements } = local.context;
  const membership = new Membership({
    region,
    shards,
    peers: others.members,
    surroundings,
    placement: () => placements.pin(),
    refusalOf: (shard) => placements.refusalOf(shard),
  });
  const own = new AdmittedRegion(new RegionAcceptor(local.context), membership);
  const locks = new GlobalLocks({
    region,
    // The same order at every coordinator.
    regions: [own, ...others.voters].sort((one, two) => (one.region < two.region ? -1 : 1)),
    local: local.context,
    refusal: () => membership.refusal(),
    coordinator: `${proposer}.${incarnation}`,
    coordinators: delegates.coordinators,
    ...(delegates.policy && { delegation: delegates.policy }),
    ballots: new BallotSource(proposer, incarnation),
    surroundings,
    generation: () => membership.generation(),
    onGeneration: (seen) => membership.onGeneration(seen),
    roundTripMs: () => nearestRegionMs(others.voters.map(({ health }) => health)),
    farthestMs: () => farthestRegionMs(others.voters.map(({ health }) => health)),
    onRound: countRounds(meter),
    ...(tracer && { tracer }),
  });
  return { membership, own, locks };
}

function globalAdmin(
  membership: Membership,
  { members: peers, voters }: Others,
  surroundings: Surroundings,
): GlobalMembers {
  const votesOf = (name: string) => voters.find(({ region }) => region === name)?.health;
  return new GlobalMembers({ membership, peers, votesOf, surroundings });
}

async function openStores(
  { region, shards }: CoordinatorConfig,
  { etcd: tls }: ServiceTls,
): Promise<ReadonlyMap<string, EtcdShardStore>> {
  const stores = new Map<string, EtcdShardStore>();
  for (const { name, endpoints } of shards) {
    if (endpoints.length === 0) {
      throw new ConfigError(`HOLDFAST_SHARDS names no etcd member for shard ${name}.`);
    }
    const connected = await connectEtcdShard({ endpoints, region, shard: name, tls });
    if (connected.kind !== "connected") throw new ConfigError(connected.message);
    stores.set(name, connected.store);
  }
  return stores;
}

/** Waits for the shard that counts: without a number of its own a coordinator must not propose. */
async function ownIdentity(
  { region, peers }: CoordinatorConfig,
  shards: readonly Shard[],
  { clock, random }: Surroundings,
  log: Logger,
): Promise<ProposerIdentity> {
  const [shard] = [...shards].sort((one, two) => (one.name < two.name ? -1 : 1));
  if (shard === undefined) throw new ConfigError("HOLDFAST_SHARDS names no shard.");
  const ordinal = [region, ...peers.keys()].sort().indexOf(region);
  for (let sayMs = 0; ; ) {
    const taken = await takeIdentity({ shard, ordinal, random });
    if (taken.kind === "identity") {
      const { proposer, incarnation } = taken;
      const said = `proposer ${proposer}, incarnation ${incarnation}`;
      log.info({ "event.action": "identity", proposer, incarnation }, said);
      return taken;
    }
    const nowMs = clock.monotonicMs();
    if (nowMs >= sayMs) {
      log.warn({ "event.action": "identity-failed" }, taken.message);
      sayMs = nowMs + sayEveryMs;
    }
    await sleep(clock, retryMs);
  }
}

/** The two other regions, for votes and for who belongs. */
interface Others {
  readonly voters: readonly VotingPeer[];
  readonly members: readonly MembershipClient[];
}

/** What delegating a lock to a region takes. */
interface Delegates {
  /** Those of the other regions, which know what is delegated there. */
  readonly coordinators: ReadonlyMap<string, Peer>;
  /** Absent: no lock is delegated to this region. */
  readonly policy?: DelegationPolicy;
}

function reachCoordinators(
  { peers }: CoordinatorConfig,
  hash: Hash64,
  { clock }: Surroundings,
  { service: tls }: ServiceTls,
): ReadonlyMap<string, Peer> {
  return new Map(
    [...peers].map(([region, addresses]) => {
      const who = `the global tier of ${region}`;
      return [region, coordinatorPeers({ addresses, hash, clock, who, tls })];
    }),
  );
}

function reachOthers(
  { cluster, region: from, peers }: CoordinatorConfig,
  identity: VotingIdentity,
  surroundings: Surroundings,
  meter: Meter,
  log: Logger,
  { service: tls }: ServiceTls,
): Others {
  const tellRoundTrip = timeRoundTrips(meter);
  const tell = (region: string, { reachable, problem }: VotingHealth) => {
    const event = { "event.action": reachable ? "region-reached" : "region-lost", region };
    if (reachable) log.info(event, `reached ${region}`);
    else log.warn(event, `${region} is out of reach: ${problem}`);
  };
  return {
    voters: [...peers].map(([region, addresses]) => {
      const onChange = (health: VotingHealth) => tell(region, health);
      const onRoundTrip = (ms: number) => tellRoundTrip(region, ms);
      const told = { onChange, onRoundTrip, tls };
      return new VotingPeer({ region, addresses, identity, ...surroundings, ...told });
    }),
    members: [...peers].map(([region, addresses]) => {
      return new MembershipClient({ region, addresses, cluster, from, tls });
    }),
  };
}

function adminOf(
  { cluster, listen, shards, peers }: CoordinatorConfig,
  local: LocalLocks,
  stores: ReadonlyMap<string, EtcdShardStore>,
  global: GlobalMembers,
  { random }: Surroundings,
): Admin {
  return new Admin({
    context: local.context,
    about: { version, cluster, routerId: randomId(random), store: "etcd" },
    shardEndpoints: new Map(shards.map(({ name, endpoints }) => [name, endpoints])),
    members: async (shard) => {
      const store = stores.get(shard);
      return store === undefined ? [] : shardMembers(store);
    },
    peers: new Map(),
    peerEndpoints: peers,
    endpoint: listen,
    global,
  });
}

/** A coordinator that can decide no lock says so, so that load balancers look for another one. */
async function tellHealth(
  door: GrpcServer,
  mayServe: () => boolean,
  clock: Clock,
  stopped: Cancellation,
): Promise<void> {
  do door.setServing(mayServe());
  while ((await sleep(clock, healthMs, stopped)) === "elapsed");
}

/** For a while: with other regions down it starts all the same, and health says the rest. */
async function untilServing(
  mayServe: () => boolean,
  membership: Membership,
  clock: Clock,
): Promise<void> {
  const untilMs = clock.monotonicMs() + formMs;
  while (!mayServe() && clock.monotonicMs() < untilMs) {
    await sleep(clock, 50);
    // All of them start together, as a rule: the others have just come up, or are about to.
    void membership.refresh();
  }
}
