import { invariant } from "@holdfast/base/invariant";
import { LocalLocks } from "@holdfast/engine/local-locks";
import { Router } from "@holdfast/engine/router";
import { makeShard } from "@holdfast/engine/shard";
import { type ClockSkew, SimulatedProcess } from "@holdfast/simulator/kernel/simulated-process";
import { ShardLink } from "@holdfast/simulator/store/shard-link";
import type { StoreFaults } from "@holdfast/simulator/store/store-faults";
import { RouterHost } from "./router-host.ts";
import { simulatedHash } from "./simulated-hash.ts";
import { cluster, region, type World } from "./world.ts";

/** How a router talks to its shards. */
export interface RouterTuning {
  readonly delayMs: { readonly minMs: number; readonly maxMs: number };
  readonly batchesInFlightMax: number;
  readonly storeTimeLimitMs: number;
}

/** One router process: the real engine over simulated links. */
export class RouterSite {
  readonly process: SimulatedProcess;
  readonly host: RouterHost;
  readonly #links: readonly ShardLink[];

  constructor(world: World, name: string, skew: ClockSkew, tuning: RouterTuning) {
    const { simulation, network, recorder } = world;
    const process = new SimulatedProcess(simulation, name, skew);
    const surroundings = { clock: process, random: process.random };
    this.#links = world.shards.map(
      (shard) =>
        new ShardLink({
          simulation,
          shard,
          process,
          network,
          delayMs: tuning.delayMs,
          timeLimitMs: tuning.storeTimeLimitMs,
        }),
    );
    const shards = this.#links.map((link, index) =>
      makeShard(region, `s${index}`, link, surroundings, {
        inFlightMax: tuning.batchesInFlightMax,
      }),
    );
    this.process = process;
    const local = new LocalLocks({ cluster, region, shards, hash: simulatedHash, surroundings });
    const router = new Router({ local, peers: new Map() });
    this.host = new RouterHost(process, region, router, network, recorder);
    void local.start();
  }

  /** The way to one shard. */
  linkTo(shardName: string): ShardLink {
    const link = this.#links.find(({ name }) => name === shardName);
    invariant(link !== undefined, `there is no shard ${shardName}`);
    return link;
  }

  /** Writes to shards whose answer was `unknown`. */
  get unknowns(): number {
    return this.#links.reduce((sum, link) => sum + link.unknowns, 0);
  }

  setStoreFaults(faults: StoreFaults): void {
    for (const link of this.#links) link.setFaults(faults);
  }
}
