import { join } from "node:path";
import {
  type EtcdMemberAddress,
  etcdArguments,
  loopbackUrl,
} from "@holdfast/toolchain/etcd-command";
import { isEtcdHealthy } from "@holdfast/toolchain/etcd-health";
import type { ProcessGroup } from "./fleet.ts";
import {
  coordinatorEnvironment,
  type Layout,
  placementEnvironment,
  type RegionLayout,
  routerEnvironment,
  type ShardLayout,
} from "./layout.ts";
import type { ProcessSpec } from "./managed-process.ts";
import { type ServiceContext, serviceSpec } from "./service-spec.ts";

/** The programs that are run. */
export interface Programs {
  /** The etcd executable; not used with the memory store. */
  readonly etcd: string | undefined;
  /** Scripts for this Node. */
  readonly router: string;
  readonly placement: string;
  readonly coordinator: string;
}

export interface SpecContext extends ServiceContext {
  readonly layout: Layout;
  readonly programs: Programs;
}

/** The last member of a shard looks for a successor in vain; what it acknowledged is on disk. */
const ETCD_GRACE_MS = 1_000;

/** Every process of the regions, region by region. */
export function regionProcesses(context: SpecContext): ProcessGroup[] {
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
  { layout, programs, logsDir, certificates }: SpecContext,
  { region }: RegionLayout,
  shard: ShardLayout,
  member: EtcdMemberAddress,
): ProcessSpec {
  const clusterToken = `${layout.cluster}-${region}-${shard.name}`;
  const tls = certificates?.of("etcd");
  const url = loopbackUrl(member.clientPort, tls !== undefined);
  return {
    name: `etcd ${region}/${shard.name}/${member.name}`,
    file: programs.etcd as string,
    args: etcdArguments(member, shard.members, { clusterToken, ...(tls && { tls }) }),
    env: {},
    logPath: join(logsDir, `etcd-${region}-${shard.name}-${member.name}.log`),
    stopGraceMs: ETCD_GRACE_MS,
    watchReady: () => () => isEtcdHealthy(url, undefined, tls),
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
