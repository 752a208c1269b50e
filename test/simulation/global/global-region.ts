import { utf8 } from "@holdfast/base/bytes";
import { encodeEpoch } from "@holdfast/core/lock/epoch";
import { epochKey, identityKey, placementKey } from "@holdfast/core/lock/keys";
import {
  encodePlacement,
  firstPlacement,
  type Placement,
} from "@holdfast/core/placement/placement";
import { generationKey } from "@holdfast/core/quorum/register-keys";
import { makeShard, type Shard } from "@holdfast/engine/shard";
import { encodeIdentity } from "@holdfast/engine/shard-identity";
import type { HistoryRecorder } from "@holdfast/simulator/history/history-recorder";
import type { SimulatedNetwork } from "@holdfast/simulator/kernel/simulated-network";
import { SimulatedProcess } from "@holdfast/simulator/kernel/simulated-process";
import type { Simulation } from "@holdfast/simulator/kernel/simulation";
import { ShardLink } from "@holdfast/simulator/store/shard-link";
import { SimulatedShard } from "@holdfast/simulator/store/simulated-shard";
import type { StoreFaults } from "@holdfast/simulator/store/store-faults";
import { simulatedHash } from "../world/simulated-hash.ts";
import { cluster, shardName } from "./global-names.ts";
import type { GlobalPlan } from "./global-plan.ts";

/** How long an undisturbed message to or from a shard takes. */
const shardDelayMs = { minMs: 0.5, maxMs: 4 };
/** The generation that all regions vote at. */
export const generation = 1;

/** The shards of one region. */
export class GlobalRegion {
  readonly name: string;
  readonly shards: readonly SimulatedShard[];
  readonly #simulation: Simulation;
  readonly #plan: GlobalPlan;

  constructor(name: string, simulation: Simulation, recorder: HistoryRecorder, plan: GlobalPlan) {
    this.name = name;
    this.#simulation = simulation;
    this.#plan = plan;
    const { leaseLateMsMax } = plan;
    const placement = encodePlacement(layoutOf(name, plan.shardsPerRegion));
    this.shards = Array.from({ length: plan.shardsPerRegion }, (_, index) => {
      const own = shardName(name, index);
      const process = new SimulatedProcess(simulation, own, plan.skew());
      const shard = new SimulatedShard({ name: own, process, recorder, leaseLateMsMax });
      const identity = encodeIdentity({ region: name, name: `s${index}` }, cluster, own);
      const epoch = encodeEpoch(1);
      const puts = { [identityKey]: identity, [placementKey]: placement, [epochKey]: epoch };
      const all = { ...puts, [generationKey]: utf8(String(generation)) };
      for (const [key, value] of Object.entries(all)) {
        const success = [{ kind: "put", key, value, lease: 0n }] as const;
        void shard.store.commit({ compares: [], success, failure: [] });
      }
      return shard;
    });
  }

  /** The shards as one process sees them, with the links that they are seen over. */
  linksFor(process: SimulatedProcess, network: SimulatedNetwork, faults: StoreFaults) {
    const { storeTimeLimitMs: timeLimitMs, batchesInFlightMax: inFlightMax } = this.#plan;
    const surroundings = { clock: process, random: process.random };
    const simulation = this.#simulation;
    const links = this.shards.map((shard) => {
      const delayMs = shardDelayMs;
      const link = new ShardLink({ simulation, shard, process, network, delayMs, timeLimitMs });
      link.setFaults(faults);
      return link;
    });
    const shards: Shard[] = links.map((link, index) =>
      makeShard(this.name, `s${index}`, link, surroundings, { inFlightMax }),
    );
    return { links, shards };
  }
}

const layouts = new Map<string, Placement>();

/** Laying out takes longer than a whole run, and depends on nothing but names and numbers. */
function layoutOf(region: string, shardCount: number): Placement {
  const key = `${region} ${shardCount}`;
  let placement = layouts.get(key);
  if (placement === undefined) {
    const shards = Array.from({ length: shardCount }, (_, index) => ({
      name: `s${index}`,
      weight: 1,
    }));
    placement = firstPlacement(simulatedHash, region, shards, []);
    layouts.set(key, placement);
  }
  return placement;
}
