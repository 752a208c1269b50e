import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { servingFlags } from "@holdfast/runtime/node-flags";
import { freePorts } from "@holdfast/toolchain/free-ports";
import type { MemoryReport } from "./memory-probe.ts";
import { endService, serviceReady, startService } from "./service-process.ts";

/** One region of Holdfast over one shard, as processes of their own. */
export interface HoldfastServers {
  /** `host:port` of the router. */
  readonly endpoint: string;
  readonly routerPid: number;
  /** The router's memory after its garbage was collected. */
  routerMemory(): Promise<NodeJS.MemoryUsage>;
  stop(): Promise<void>;
}

/** How to start it. */
export interface HoldfastOptions {
  /** URLs of the members of the shard's etcd cluster. */
  readonly etcd: readonly string[];
  /** For the logs. */
  readonly folder: string;
  /** Further arguments for the router's Node, such as a profiler's. */
  readonly execArgv: readonly string[];
  /** Further settings of the router. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a placement process and a router, and waits until the router serves. */
export async function startHoldfast(options: HoldfastOptions): Promise<HoldfastServers> {
  const [port] = (await freePorts(1)) as [number];
  const { folder, execArgv } = options;
  const env = {
    ...process.env,
    ...shardEnvironment(options.etcd),
    HOLDFAST_STORE: "etcd",
    HOLDFAST_PEERS: "",
    HOLDFAST_LISTEN: `127.0.0.1:${port}`,
    HOLDFAST_LOG_LEVEL: "info",
  };
  const common = { env, folder, nodeFlags: servingFlags };
  const placement = startService({ ...common, service: "placement", execArgv: [] });
  const own = { ...env, ...options.env };
  const router = startService({ ...common, service: "router", env: own, execArgv });
  const stop = async (): Promise<void> => {
    await Promise.all([endService(router), endService(placement)]);
  };
  try {
    await Promise.all([serviceReady(placement), serviceReady(router)]);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    endpoint: `127.0.0.1:${port}`,
    routerPid: router.pid ?? 0,
    routerMemory: () => memoryOf(router),
    stop,
  };
}

/** What every service of the region is told: whose it is, and the shard with its members' URLs. */
export function shardEnvironment(etcd: readonly string[]): Record<string, string> {
  return {
    HOLDFAST_REGION: "us-east-1",
    HOLDFAST_CLUSTER: "bench",
    HOLDFAST_SHARDS: `s0=${etcd.join(",")}`,
  };
}

async function memoryOf(router: ChildProcess): Promise<NodeJS.MemoryUsage> {
  const answer = once(router, "message");
  router.send("memory");
  const [report] = (await answer) as [MemoryReport];
  return report.usage;
}
