import { invariant } from "@holdfast/base/invariant";
import { BatchPace } from "@holdfast/engine/batch-pace";
import { LocalLocks } from "@holdfast/engine/local-locks";
import { Router } from "@holdfast/engine/router";
import { makeShard } from "@holdfast/engine/shard";
import type { HistoryRecorder } from "@holdfast/simulator/history/history-recorder";
import type { SimulatedNetwork } from "@holdfast/simulator/kernel/simulated-network";
import { type ClockSkew, SimulatedProcess } from "@holdfast/simulator/kernel/simulated-process";
import type { Simulation } from "@holdfast/simulator/kernel/simulation";
import { ShardLink } from "@holdfast/simulator/store/shard-link";
import type { SimulatedShard } from "@holdfast/simulator/store/simulated-shard";
import type { StoreFaults } from "@holdfast/simulator/store/store-faults";
import { cluster, region } from "./names.ts";
import { RouterHost } from "./router-host.ts";
import { simulatedHash } from "./simulated-hash.ts";

/** How a router talks to its shards. */
export interface RouterTuning {
  readonly delayMs: { readonly minMs: number; readonly maxMs: number };
  readonly batchesInFlightMax: number;
  readonly storeTimeLimitMs: number;
}

/** What a router meets of the world. */
export interface RouterWorld {
  readonly simulation: Simulation;
  readonly network: SimulatedNetwork;
  readonly recorder: HistoryRecorder;
  readonly shards: readonly SimulatedShard[];
}

/** One router process: the real engine over simulated links. */
export class RouterSite {
  readonly process: SimulatedProcess;
  readonly host: RouterHost;
  readonly #links: readonly ShardLink[];

  constructor(world: RouterWorld, name: string, skew: ClockSkew, tuning: RouterTuning) {
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
        pace: new BatchPace(surroundings.clock),
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
