import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomId, SystemRandom } from "@holdfast/base/random";
import { type EtcdCluster, startEtcdCluster } from "@holdfast/toolchain/etcd-process";
import { freePorts } from "@holdfast/toolchain/free-ports";
import type { DrillProcess } from "./drill-process.ts";
import { etcdFound } from "./etcd-found.ts";
import { keeperVariable, startKeeper } from "./keeper.ts";
import { logTails, serviceProcess } from "./service-process.ts";

/** One region as it is run in earnest: a shard of three etcd members, a placement, routers. */
export interface DrilledRegion extends AsyncDisposable {
  readonly name: string;
  readonly etcd: EtcdCluster;
  readonly routers: readonly DrillProcess[];
  /** `host:port` of each router. */
  readonly endpoints: readonly string[];
  /** For whatever a drill writes; goes with the region. */
  readonly folder: string;
  /** What processes of the drill need in their environment to be ended with it. */
  readonly env: Readonly<Record<string, string>>;
  /** The ends of all logs, for a failure. */
  logs(): string;
}

/** How it is started. */
export interface RegionOptions {
  readonly routers?: number;
  /** Name of a sabotaged build for the routers (test/simulation/mutants.ts). */
  readonly mutant?: string;
}

const saboteur = new URL("sabotaged-build.ts", import.meta.url);
const regionName = "us-east-1";

/** Starts a region; throws, with the ends of the logs, when it does not come up. */
export async function startRegion(options: RegionOptions = {}): Promise<DrilledRegion> {
  if (etcdFound.kind !== "found") throw new Error(etcdFound.reason);
  const folder = mkdtempSync(join(tmpdir(), "holdfast-drill-"));
  const id = randomId(new SystemRandom());
  const keeper = startKeeper(id, folder);
  const env = { [keeperVariable]: id };
  const started = new AsyncDisposableStack();
  started.defer(() => {
    keeper.stdin?.end();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  });
  const processes: DrillProcess[] = [];
  const logs = (): string => logTails(processes);
  try {
    // The members take it over from us; nothing else here starts processes meanwhile.
    process.env[keeperVariable] = id;
    const etcd = await startEtcdCluster({
      binary: etcdFound.path,
      members: 3,
      dataDir: join(folder, "etcd"),
      // Only a power cut would show a difference, and the disk is shared with every other suite.
      noFsync: true,
    });
    started.use(etcd);
    const ports = await freePorts(options.routers ?? 2);
    const endpoints = ports.map((port) => `127.0.0.1:${port}`);
    const settings = {
      ...env,
      HOLDFAST_REGION: regionName,
      HOLDFAST_CLUSTER: "drill",
      HOLDFAST_SHARDS: `s0=${etcd.endpoints.join(",")}`,
      HOLDFAST_LOG_LEVEL: "info",
    };
    const service = "placement";
    const placement = serviceProcess({ service, name: service, env: settings, folder });
    const { mutant } = options;
    const sabotaged = mutant === undefined ? {} : { HOLDFAST_MUTANT: mutant };
    const preloads = mutant === undefined ? [] : [saboteur];
    const routers = endpoints.map((endpoint, index) => {
      const listen = { HOLDFAST_STORE: "etcd", HOLDFAST_LISTEN: endpoint };
      const env = { ...settings, ...listen, ...sabotaged };
      const name = `router r${index}`;
      return serviceProcess({ service: "router", name, env, folder, preloads });
    });
    processes.push(placement, ...routers);
    started.defer(async () => {
      await Promise.all(processes.map((each) => each.kill()));
    });
    await Promise.all(processes.map((each) => each.start()));
    const stop = async (): Promise<void> => started.disposeAsync();
    const region = { name: regionName, etcd, routers, endpoints, folder, env, logs };
    return { ...region, [Symbol.asyncDispose]: stop };
  } catch (error) {
    const tails = logs();
    await started.disposeAsync();
    throw new Error(`the region did not start\n${tails}`, { cause: error });
  }
}
