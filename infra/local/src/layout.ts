import { join } from "node:path";
import { type EtcdMemberAddress, loopbackUrl } from "@holdfast/toolchain/etcd-command";
import type { EtcdPorts } from "@holdfast/toolchain/etcd-process";
import { metricsEnvironment, type RegionMetrics, regionMetrics } from "./metrics-layout.ts";
import { kafkaEnvironment, type RecordLayout, redisEnvironment } from "./record-layout.ts";

/** One shard of one region. */
export interface ShardLayout {
  readonly name: string;
  /** None with the memory store, where the shard lives inside the router. */
  readonly members: readonly EtcdMemberAddress[];
  /** Client URLs of the members. */
  readonly endpoints: readonly string[];
}

export interface RegionLayout {
  readonly region: string;
  readonly routerPort: number;
  /** host:port of its router. */
  readonly endpoint: string;
  /** host:port of its coordinator; absent where there are no global locks. */
  readonly coordinator?: string;
  readonly metrics: RegionMetrics;
  readonly shards: readonly ShardLayout[];
}

/** A global lock is decided by two of three regions: neither fewer nor more. */
const GLOBAL_REGIONS = 3;

/** Why this installation has no global locks, for people; undefined where it has. */
export function whyNoGlobalLocks(store: "etcd" | "memory", regions: number): string | undefined {
  if (store === "memory") return "global locks are off: they need etcd, not the memory store";
  if (regions === GLOBAL_REGIONS) return undefined;
  return `global locks are off: they need ${GLOBAL_REGIONS} regions, and this has ${regions}`;
}

/** What is to run, decided before anything is started. */
export interface Layout {
  /** Names the installation, so that a process notices when it talks to another one's store. */
  readonly cluster: string;
  readonly store: "etcd" | "memory";
  readonly regions: readonly RegionLayout[];
  /** Absent with the memory store, whose past cannot be read. */
  readonly record?: RecordLayout;
}

export interface LayoutInput {
  readonly cluster: string;
  readonly store: "etcd" | "memory";
  readonly regions: readonly string[];
  readonly shards: number;
  readonly members: number;
  /** One for each region. */
  readonly routerPorts: readonly number[];
  /** One for each region, or none where there are no global locks. */
  readonly coordinatorPorts: readonly number[];
  /** As many for each region as {@link regionMetrics} gives it. */
  readonly metricsPorts: readonly number[];
  /** One for each member, by region, shard and member; none with the memory store. */
  readonly etcdPorts: EtcdPorts;
  readonly record?: RecordLayout | undefined;
  /** Etcd speaks TLS. */
  readonly tls: boolean;
  readonly dataDir: string;
}

export function planLayout(input: LayoutInput): Layout {
  const regions = input.regions.map((region, r): RegionLayout => {
    const routerPort = input.routerPorts[r] as number;
    const shards = Array.from({ length: input.shards }, (_, s) => {
      const first = (r * input.shards + s) * input.members;
      return planShard(input, region, `s${s}`, first);
    });
    const coordinatorPort = input.coordinatorPorts[r];
    return {
      region,
      routerPort,
      endpoint: `127.0.0.1:${routerPort}`,
      ...(coordinatorPort !== undefined && { coordinator: `127.0.0.1:${coordinatorPort}` }),
      metrics: regionMetrics(input.metricsPorts, r),
      shards,
    };
  });
  const { cluster, store, record } = input;
  return { cluster, store, regions, ...(record !== undefined && { record }) };
}

function planShard(input: LayoutInput, region: string, name: string, first: number): ShardLayout {
  if (input.store === "memory") return { name, members: [], endpoints: [] };
  const members = Array.from({ length: input.members }, (_, m) => ({
    name: `m${m}`,
    clientPort: input.etcdPorts.client[first + m] as number,
    peerPort: input.etcdPorts.peer[first + m] as number,
    dataDir: join(input.dataDir, "etcd", region, name, `m${m}`),
  }));
  return { name, members, endpoints: urlsOf(members, input.tls) };
}

function urlsOf(members: readonly EtcdMemberAddress[], tls: boolean): string[] {
  return members.map((member) => loopbackUrl(member.clientPort, tls));
}

/** Coordinators' ports lie this far above the routers': 7430 with the default 7420. */
const COORDINATOR_OFFSET = 10;

/** The fixed ports of `count` coordinators that belong to a `--port-base`. */
export function coordinatorPortsFrom(portBase: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => portBase + COORDINATOR_OFFSET + i);
}

/** Etcd's client ports lie this far above the first router's: 23790 with the default 7420. */
const CLIENT_OFFSET = 16_370;
const PEER_OFFSET = CLIENT_OFFSET + 500;

/** The fixed ports that belong to a `--port-base`; `count` etcd members. */
export function etcdPortsFrom(portBase: number, count: number): EtcdPorts {
  const from = (first: number): number[] => Array.from({ length: count }, (_, i) => first + i);
  return { client: from(portBase + CLIENT_OFFSET), peer: from(portBase + PEER_OFFSET) };
}

/** Environment of the router of a region; the contract is services/router/README.md. */
export function routerEnvironment(layout: Layout, own: RegionLayout): Record<string, string> {
  const peers = layout.regions.filter((each) => each.region !== own.region);
  const stores = layout.record?.stores;
  return {
    ...regionEnvironment(layout, own),
    ...metricsEnvironment(own.metrics.router),
    HOLDFAST_LISTEN: own.endpoint,
    HOLDFAST_STORE: layout.store,
    // Where cached reads lie, and where what was refused is told.
    ...(stores !== undefined && { ...kafkaEnvironment(stores), ...redisEnvironment(stores) }),
    HOLDFAST_PEERS: peers.map((each) => `${each.region}=${each.endpoint}`).join(";"),
    ...(own.coordinator !== undefined && { HOLDFAST_COORDINATORS: own.coordinator }),
  };
}

/** Environment of the coordinator of a region; the contract is services/coordinator/README.md. */
export function coordinatorEnvironment(
  layout: Layout,
  own: RegionLayout,
  listen: string,
): Record<string, string> {
  const peers = layout.regions.filter((each) => each.region !== own.region);
  return {
    ...regionEnvironment(layout, own),
    ...metricsEnvironment(own.metrics.coordinator),
    HOLDFAST_LISTEN: listen,
    HOLDFAST_PEERS: peers.map((each) => `${each.region}=${each.coordinator}`).join(";"),
  };
}

/** Environment of the placement service of a region. */
export function placementEnvironment(layout: Layout, own: RegionLayout): Record<string, string> {
  return { ...regionEnvironment(layout, own), ...metricsEnvironment(own.metrics.placement) };
}

/** What every service of a region is told. */
export function regionEnvironment(layout: Layout, own: RegionLayout): Record<string, string> {
  return {
    HOLDFAST_REGION: own.region,
    HOLDFAST_CLUSTER: layout.cluster,
    HOLDFAST_SHARDS: own.shards
      .map((shard) => `${shard.name}=${shard.endpoints.join(",")}`)
      .join(";"),
  };
}
