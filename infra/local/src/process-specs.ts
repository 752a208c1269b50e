import { join } from "node:path";
import {
  type EtcdMemberAddress,
  etcdArguments,
  loopbackUrl,
} from "@holdfast/toolchain/etcd-command";
import { isEtcdHealthy } from "@holdfast/toolchain/etcd-health";
import type { RegionProcesses } from "./fleet.ts";
import {
  coordinatorEnvironment,
  type Layout,
  placementEnvironment,
  type RegionLayout,
  routerEnvironment,
  type ShardLayout,
} from "./layout.ts";
import type { ProcessSpec } from "./managed-process.ts";
import { ReadyLine } from "./ready-line.ts";

/** The programs that are run. */
export interface Programs {
  /** The etcd executable; not used with the memory store. */
  readonly etcd: string | undefined;
  /** Scripts for this Node. */
  readonly router: string;
  readonly placement: string;
  readonly coordinator: string;
}

export interface SpecContext {
  readonly layout: Layout;
  readonly programs: Programs;
  readonly logsDir: string;
  /** Where Node keeps what it compiled: a second start then skips stripping types and parsing. */
  readonly compileCacheDir: string;
}

/** A service has 5 s to drain; a little more lets it be late without losing what it does last. */
const SERVICE_GRACE_MS = 5_500;
/** The last member of a shard looks for a successor in vain; what it acknowledged is on disk. */
const ETCD_GRACE_MS = 1_000;

/** Every process of the layout, region by region. */
export function processSpecs(context: SpecContext): RegionProcesses[] {
  return context.layout.regions.map((region) => ({
    stores: region.shards.flatMap((shard) =>
      shard.members.map((member) => etcdSpec(context, region, shard, member)),
    ),
    services: [
      ...(context.layout.store === "etcd" ? [placementSpec(context, region)] : []),
      ...(region.coordinator === undefined
        ? []
        : [coordinatorSpec(context, region, region.coordinator)]),
      routerSpec(context, region),
    ],
  }));
}

function etcdSpec(
  { layout, programs, logsDir }: SpecContext,
  { region }: RegionLayout,
  shard: ShardLayout,
  member: EtcdMemberAddress,
): ProcessSpec {
  const clusterToken = `${layout.cluster}-${region}-${shard.name}`;
  const url = loopbackUrl(member.clientPort);
  return {
    name: `etcd ${region}/${shard.name}/${member.name}`,
    file: programs.etcd as string,
    args: etcdArguments(member, shard.members, { clusterToken }),
    env: {},
    logPath: join(logsDir, `etcd-${region}-${shard.name}-${member.name}.log`),
    stopGraceMs: ETCD_GRACE_MS,
    watchReady: () => () => isEtcdHealthy(url),
  };
}

function routerSpec(context: SpecContext, region: RegionLayout): ProcessSpec {
  const env = routerEnvironment(context.layout, region);
  return serviceSpec(context, `router ${region.region}`, context.programs.router, env);
}

function coordinatorSpec(context: SpecContext, region: RegionLayout, listen: string): ProcessSpec {
  const env = coordinatorEnvironment(context.layout, region, listen);
  return serviceSpec(context, `coordinator ${region.region}`, context.programs.coordinator, env);
}

function placementSpec(context: SpecContext, region: RegionLayout): ProcessSpec {
  const env = placementEnvironment(context.layout, region);
  return serviceSpec(context, `placement ${region.region}`, context.programs.placement, env);
}

/**
 * Under load a request lives longer than the default young generation's cycle, so most are copied
 * twice: with 64 MiB a pair of acquire and release costs a third less processor time.
 */
const nodeFlags = ["--max-semi-space-size=64"];

function serviceSpec(
  { logsDir, compileCacheDir }: SpecContext,
  name: string,
  script: string,
  env: Record<string, string>,
): ProcessSpec {
  const logPath = join(logsDir, `${name.replace(" ", "-")}.log`);
  return {
    name,
    file: process.execPath,
    args: [...nodeFlags, script],
    env: { ...env, NODE_COMPILE_CACHE: compileCacheDir },
    logPath,
    stopGraceMs: SERVICE_GRACE_MS,
    watchReady: () => {
      const line = new ReadyLine(logPath);
      return () => line.seen();
    },
  };
}
