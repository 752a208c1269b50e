import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { invariant } from "@holdfast/base/invariant";
import { randomId, SystemRandom } from "@holdfast/base/random";
import type { EtcdCluster } from "@holdfast/toolchain/etcd-process";
import { freePorts } from "@holdfast/toolchain/free-ports";
import { etcdFound } from "../drills/etcd-found.ts";
import { keeperVariable, startKeeper } from "../drills/keeper.ts";
import { logTails } from "../drills/service-process.ts";
import { TcpRelay } from "../relay/tcp-relay.ts";
import { Wan } from "../relay/wan.ts";
import type { ServiceAddress } from "./replaceable-service.ts";
import { type ProcessBuild, startShards, WanSite } from "./wan-site.ts";

/** Three regions as they are run in earnest, an ocean between them. */
export interface WanPlatform extends AsyncDisposable {
  readonly wan: Wan;
  readonly sites: readonly WanSite[];
  /** The region called so. */
  site(region: string): WanSite;
  /** Routers as `host:port`, as clients in a region reach them: its own first. */
  endpointsFrom(region: string): readonly string[];
  /** For whatever is written; goes with the platform. */
  readonly folder: string;
  /** What further processes need in their environment to be ended with it. */
  readonly env: Readonly<Record<string, string>>;
  /** Makes everything run again and every way pass. */
  heal(): Promise<void>;
  /** The ends of all logs, for a failure. */
  logs(): string;
}

/** How it is started. */
export interface PlatformOptions {
  /** etcd clusters of each region, of one member each; 1 if left out. */
  readonly shards?: number;
  /** Of every region's coordinator. */
  readonly build?: ProcessBuild;
  /**
   * Every write is on disk before it counts, as in earnest. Only a power cut would show a
   * difference, so drills leave it out: they share the disk with every other suite.
   */
  readonly fsync?: boolean;
  /**
   * Routers and coordinators can be replaced: they are reached through relays then, at which a
   * connection comes about also where no process listens.
   */
  readonly replaceable?: boolean;
  /** Further arguments of the services' Node, such as a profiler's. */
  readonly nodeArgs?: readonly string[];
}

/**
 * Starts three regions; throws, with the ends of the logs, when they do not come up. Once more
 * where somebody else on the machine took a port meanwhile.
 */
export async function startPlatform(options: PlatformOptions = {}): Promise<WanPlatform> {
  try {
    return await startOnce(options);
  } catch (error) {
    if (!String(error).includes("EADDRINUSE")) throw error;
    return startOnce(options);
  }
}

async function startOnce(options: PlatformOptions): Promise<WanPlatform> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-wan-"));
  const id = randomId(new SystemRandom());
  const keeper = startKeeper(id, folder);
  const env = { [keeperVariable]: id };
  const started = new AsyncDisposableStack();
  started.defer(() => {
    keeper.stdin?.end();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  });
  const sites: WanSite[] = [];
  const logs = (): string => logTails(sites.flatMap(({ processes }) => processes));
  const stop = async (): Promise<void> => started.disposeAsync();
  try {
    // The etcd members take it over from us; nothing else here starts processes meanwhile.
    process.env[keeperVariable] = id;
    const wan = started.use(new Wan());
    const shards = new Map(wan.regions.map((region) => [region, [] as EtcdCluster[]]));
    started.defer(async () => {
      await Promise.all(sites.map((site) => site.stop()));
      await Promise.all([...shards.values()].flat().map((shard) => shard.stop()));
    });
    await startAllShards(shards, folder, options);
    // Only now: a port that is free and not yet used could have become a shard's.
    const endpoints = await layOut(wan, sites, shards, folder, env, options, started);
    await Promise.all(sites.map((site) => site.startServices()));
    const heal = async (): Promise<void> => {
      for (const { from, to } of wan.directions) wan.restore(from, to);
      await Promise.all(sites.map((site) => site.restore()));
    };
    const site = (region: string): WanSite => {
      const found = sites.find((each) => each.region === region);
      invariant(found !== undefined, `a region is called ${region}`);
      return found;
    };
    const endpointsFrom = (region: string) => endpoints.get(region) ?? [];
    const parts = { wan, sites, site, endpointsFrom, folder, env, heal, logs };
    return { ...parts, [Symbol.asyncDispose]: stop };
  } catch (error) {
    const tails = logs();
    await stop();
    throw new Error(`the platform did not start\n${tails}`, { cause: error });
  }
}

async function startAllShards(
  shards: ReadonlyMap<string, EtcdCluster[]>,
  folder: string,
  { shards: count = 1, fsync = false }: PlatformOptions,
): Promise<void> {
  if (etcdFound.kind !== "found") throw new Error(etcdFound.reason);
  const { path: binary } = etcdFound;
  for (const [region, started] of shards) {
    await startShards({ region, binary, shards: count, fsync, folder }, started);
  }
}

/** Fills `sites`; resolves with the routers as clients of each region reach them. */
async function layOut(
  wan: Wan,
  sites: WanSite[],
  shards: ReadonlyMap<string, readonly EtcdCluster[]>,
  folder: string,
  env: Readonly<Record<string, string>>,
  { build = { preloads: [], env: {} }, nodeArgs = [], replaceable = false }: PlatformOptions,
  relays: AsyncDisposableStack,
): Promise<Map<string, readonly string[]>> {
  const { regions } = wan;
  const stack = replaceable ? relays : undefined;
  const [routers, coordinators] = await addressesOf(regions, stack);
  const endpoints = new Map<string, readonly string[]>();
  for (const region of regions) {
    const router = addressOf(region, routers);
    const coordinator = addressOf(region, coordinators);
    const routerPeers = await dialAll(wan, region, routers);
    const coordinatorPeers = await dialAll(wan, region, coordinators);
    endpoints.set(region, [`127.0.0.1:${router.port}`, ...routerPeers.values()]);
    const plan = {
      ...{ region, router, coordinator, folder, env, build, nodeArgs },
      routerPeers: peersText(routerPeers),
      coordinatorPeers: peersText(coordinatorPeers),
    };
    sites.push(new WanSite(plan, shards.get(region) ?? []));
  }
  return endpoints;
}

type Addresses = ReadonlyMap<string, ServiceAddress>;

/** Of each region's router, and of its coordinator; with relays before them, which go there. */
async function addressesOf(
  regions: readonly string[],
  relays: AsyncDisposableStack | undefined,
): Promise<readonly [Addresses, Addresses]> {
  const each = relays === undefined ? 1 : 2;
  const ports = await freePorts(2 * each * regions.length);
  const next = async (): Promise<ServiceAddress> => {
    const lives = ports.splice(0, each);
    const [first = 0] = lives;
    if (relays === undefined) return { port: first, lives };
    const relay = relays.use(await TcpRelay.start(first));
    return { port: relay.port, lives, relay };
  };
  const both = [new Map<string, ServiceAddress>(), new Map<string, ServiceAddress>()] as const;
  for (const addresses of both) {
    for (const region of regions) addresses.set(region, await next());
  }
  return both;
}

function addressOf(region: string, addresses: Addresses): ServiceAddress {
  const address = addresses.get(region);
  invariant(address !== undefined, `${region} has an address`);
  return address;
}

/** The ways from one region to a service of all others. */
async function dialAll(wan: Wan, from: string, servers: Addresses): Promise<Map<string, string>> {
  const addresses = new Map<string, string>();
  for (const [to, { port }] of servers) {
    if (to !== from) addresses.set(to, await wan.dial(from, to, port));
  }
  return addresses;
}

function peersText(addresses: ReadonlyMap<string, string>): string {
  return [...addresses].map(([region, address]) => `${region}=${address}`).join(";");
}
