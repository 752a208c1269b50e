import { LocalLocks } from "@holdfast/engine/local-locks";
import type { LockTier } from "@holdfast/engine/ports/lock-tier";
import { Router } from "@holdfast/engine/router";
import { SimulatedProcess } from "@holdfast/simulator/kernel/simulated-process";
import type { ShardLink } from "@holdfast/simulator/store/shard-link";
import { RouterHost } from "../world/router-host.ts";
import { simulatedHash } from "../world/simulated-hash.ts";
import { cluster, regionNames } from "./global-names.ts";
import { type CallHost, type RemoteCall, RemoteTier } from "./remote-calls.ts";
import type { SiteSurroundings } from "./site-surroundings.ts";

/** One router process: for clients, and for routers of other regions. */
export class GlobalRouter implements CallHost {
  readonly process: SimulatedProcess;
  readonly host: RouterHost;
  readonly tier: Router;
  readonly links: readonly ShardLink[];
  readonly calls = new Set<RemoteCall>();
  readonly #local: LocalLocks;

  constructor(sites: SiteSurroundings, region: string, name: string) {
    const { simulation, network, plan, recorder } = sites;
    const process = new SimulatedProcess(simulation, name, plan.skew());
    this.process = process;
    const { links, shards } = sites.region(region).linksFor(process, network, sites.storeFaults);
    this.links = links;
    const surroundings = { clock: process, random: process.random };
    this.#local = new LocalLocks({ cluster, region, shards, hash: simulatedHash, surroundings });
    const others = regionNames.filter((each) => each !== region);
    const peers = new Map(
      others.map((each) => {
        const names = () => sites.routersIn(each);
        return [
          each,
          asTier(new RemoteTier(process, network, (to) => sites.routers.get(to), names)),
        ];
      }),
    );
    const coordinators = new RemoteTier(
      process,
      network,
      (to) => sites.coordinators.get(to),
      (command) => sites.coordinatorsFor(region, command),
    );
    this.tier = new Router({ local: this.#local, peers, global: asTier(coordinators) });
    this.host = new RouterHost(process, region, this.tier, network, recorder);
    void this.#local.start();
  }

  stop(): void {
    this.#local.stop();
  }
}

/** Nothing else is asked of it here. */
function asTier(tier: RemoteTier): LockTier {
  return { execute: tier.execute.bind(tier) } as Pick<LockTier, "execute"> as LockTier;
}
