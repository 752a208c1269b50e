import { join } from "node:path";
import { type EtcdCluster, startEtcdCluster } from "@holdfast/toolchain/etcd-process";
import type { DrillProcess } from "../drills/drill-process.ts";
import { serviceProcess } from "../drills/service-process.ts";
import { ReplaceableService, type ServiceAddress } from "./replaceable-service.ts";

/** What is loaded into a process before its own code, and what it is told by its environment. */
export interface ProcessBuild {
  readonly preloads: readonly URL[];
  readonly env: Readonly<Record<string, string>>;
}

/** Where the services of one region listen and whom they know. */
export interface SitePlan {
  readonly region: string;
  readonly router: ServiceAddress;
  readonly coordinator: ServiceAddress;
  /** As HOLDFAST_PEERS wants them: the other regions' routers and coordinators, from here. */
  readonly routerPeers: string;
  readonly coordinatorPeers: string;
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly build: ProcessBuild;
  readonly nodeArgs: readonly string[];
}

/** How the shards of a region are started. */
export interface ShardsPlan {
  readonly region: string;
  readonly binary: string;
  /** How many, of one member each. */
  readonly shards: number;
  readonly fsync: boolean;
  readonly folder: string;
}

/** Starts the shards of a region one after the other; each is put into `started` as it runs. */
export async function startShards(plan: ShardsPlan, started: EtcdCluster[]): Promise<void> {
  const { region, binary, shards, fsync, folder } = plan;
  for (let index = 0; index < shards; index++) {
    const dataDir = join(folder, `etcd-${region}-s${index}`);
    started.push(await startEtcdCluster({ binary, dataDir, noFsync: !fsync, members: 1 }));
  }
}

/** One region of three: its shards, its placement, a router and a coordinator. */
export class WanSite {
  readonly region: string;
  readonly shards: readonly EtcdCluster[];
  readonly placement: DrillProcess;
  readonly routers: ReplaceableService;
  readonly coordinators: ReplaceableService;
  /** Where a coordinator of a drill's build finds what it is to do to itself. */
  readonly ordersPath: string;

  /** Its services are not started yet: {@link startServices}. */
  constructor(plan: SitePlan, shards: readonly EtcdCluster[]) {
    const { region, folder, env, build } = plan;
    const list = shards.map(({ endpoints }, index) => `s${index}=${endpoints.join(",")}`);
    const settings = {
      ...env,
      HOLDFAST_CLUSTER: "wan",
      HOLDFAST_REGION: region,
      HOLDFAST_SHARDS: list.join(";"),
      HOLDFAST_LOG_LEVEL: "info",
    };
    const make = (
      service: string,
      own: Readonly<Record<string, string>> = {},
      loaded: readonly URL[] = [],
      life = "",
    ): DrillProcess => {
      const name = `${service} ${region}${life}`;
      const { nodeArgs } = plan;
      const all = { ...settings, ...own };
      return serviceProcess({ service, name, env: all, folder, preloads: loaded, nodeArgs });
    };
    const makeReplaceable = (
      service: string,
      address: ServiceAddress,
      own: Readonly<Record<string, string>>,
      loaded: readonly URL[] = [],
    ): ReplaceableService => {
      const lives = address.lives.map((port, index) => {
        const env = { ...own, HOLDFAST_LISTEN: `127.0.0.1:${port}` };
        return { port, process: make(service, env, loaded, index === 0 ? "" : " again") };
      });
      return new ReplaceableService(address, lives);
    };
    this.region = region;
    this.shards = shards;
    this.placement = make("placement");
    this.routers = makeReplaceable("router", plan.router, {
      HOLDFAST_STORE: "etcd",
      HOLDFAST_PEERS: plan.routerPeers,
      HOLDFAST_COORDINATORS: `127.0.0.1:${plan.coordinator.port}`,
    });
    this.ordersPath = join(folder, `order-${region}.json`);
    const orders = { ...build.env, HOLDFAST_DRILL_ORDERS: this.ordersPath };
    const peers = { HOLDFAST_PEERS: plan.coordinatorPeers, ...orders };
    this.coordinators = makeReplaceable("coordinator", plan.coordinator, peers, build.preloads);
  }

  /** The one that new connections go to. */
  get router(): DrillProcess {
    return this.routers.now;
  }

  /** The one that new connections go to. */
  get coordinator(): DrillProcess {
    return this.coordinators.now;
  }

  get services(): readonly DrillProcess[] {
    return [this.placement, this.router, this.coordinator];
  }

  /** Also those that were replaced. */
  get processes(): readonly DrillProcess[] {
    return [this.placement, ...this.routers.processes, ...this.coordinators.processes];
  }

  /** The processes that run, by what they are. */
  pids(): Readonly<Record<"router" | "coordinator" | "placement" | "etcd", readonly number[]>> {
    const of = (service: DrillProcess): number[] =>
      service.pid === undefined ? [] : [service.pid];
    return {
      router: of(this.router),
      coordinator: of(this.coordinator),
      placement: of(this.placement),
      etcd: this.#members().flatMap(({ pid }) => pid ?? []),
    };
  }

  async startServices(): Promise<void> {
    await Promise.all(this.services.filter(({ running }) => !running).map((each) => each.start()));
  }

  /** kill -9 of everything that runs in the region. */
  async kill(): Promise<void> {
    const members = this.#members();
    await Promise.all([
      ...this.services.map((each) => each.kill()),
      ...members.map((member) => member.kill()),
    ]);
  }

  freeze(): void {
    for (const each of this.services) each.freeze();
    for (const member of this.#members()) void member.kill("SIGSTOP");
  }

  thaw(): void {
    for (const member of this.#members()) void member.kill("SIGCONT");
    for (const each of this.services) each.thaw();
  }

  /** Takes the disks away; all must have been killed. */
  async wipe(): Promise<void> {
    await Promise.all(this.#members().map((member) => member.wipe()));
  }

  /** Starts whatever does not run. */
  async restore(): Promise<void> {
    this.thaw();
    const down = this.#members().filter(({ running }) => !running);
    await Promise.all(down.map((member) => member.restart()));
    await this.startServices();
  }

  async stop(): Promise<void> {
    this.thaw();
    await Promise.all(this.processes.map((each) => each.kill()));
    await Promise.all(this.shards.map((shard) => shard.stop()));
  }

  #members() {
    return this.shards.flatMap(({ members }) => members);
  }
}
