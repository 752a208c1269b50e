import { encodeEpoch } from "@holdfast/core/lock/epoch";
import { epochKey, identityKey, placementKey } from "@holdfast/core/lock/keys";
import {
  encodePlacement,
  firstPlacement,
  type Placement,
} from "@holdfast/core/placement/placement";
import type { Txn } from "@holdfast/core/txn/txn";
import { encodeIdentity } from "@holdfast/engine/shard-identity";
import { hierarchicalNamespace } from "@holdfast/simulator/checkers/interference";
import { HistoryRecorder } from "@holdfast/simulator/history/history-recorder";
import {
  cleanLink,
  type LinkFaults,
  SimulatedNetwork,
} from "@holdfast/simulator/kernel/simulated-network";
import { type ClockSkew, SimulatedProcess } from "@holdfast/simulator/kernel/simulated-process";
import { Simulation } from "@holdfast/simulator/kernel/simulation";
import { SimulatedShard } from "@holdfast/simulator/store/simulated-shard";
import { cleanStore, type StoreFaults } from "@holdfast/simulator/store/store-faults";
import { cluster, region } from "./names.ts";
import { RouterSite, type RouterTuning } from "./router-site.ts";
import { simulatedHash } from "./simulated-hash.ts";

/** How long an undisturbed message takes, anywhere, unless a world says otherwise. */
const delayMsUsual = { minMs: 0.5, maxMs: 4 };

/** What a world has from its start. */
export interface WorldOptions {
  readonly seed: number;
  readonly keepTrace?: boolean;
  readonly shards: readonly ClockSkew[];
  /** How late a lease may end, in ms. */
  readonly leaseLateMsMax?: number;
  readonly batchesInFlightMax?: number;
  readonly storeTimeLimitMs?: number;
  readonly delayMs?: { readonly minMs: number; readonly maxMs: number };
}

/** Shards, routers and the network between them, around one simulation. */
export class World {
  readonly simulation: Simulation;
  readonly recorder: HistoryRecorder;
  readonly network: SimulatedNetwork;
  readonly shards: readonly SimulatedShard[];
  readonly routers = new Map<string, RouterSite>();
  readonly #tuning: RouterTuning;
  #placement: Placement;
  /** Writes whose answer was `unknown`, by routers that were started anew since. */
  #unknownsBefore = 0;
  #storeFaults: StoreFaults = cleanStore;

  constructor(options: WorldOptions) {
    const { seed, shards, leaseLateMsMax = 0, keepTrace = false } = options;
    const { batchesInFlightMax = 4, storeTimeLimitMs = 2_000, delayMs = delayMsUsual } = options;
    this.#tuning = { delayMs, batchesInFlightMax, storeTimeLimitMs };
    this.simulation = new Simulation({ seed, keepTrace });
    this.recorder = new HistoryRecorder(this.simulation);
    this.network = new SimulatedNetwork(this.simulation, delayMs);
    this.shards = shards.map((skew, index) => {
      const name = `s${index}`;
      const process = new SimulatedProcess(this.simulation, name, skew);
      return new SimulatedShard({ name, process, recorder: this.recorder, leaseLateMsMax });
    });
    for (const { name, store } of this.shards) {
      const identity = encodeIdentity({ region, name }, cluster, name);
      void store.commit(putAlone(identityKey, identity));
    }
    this.#placement = firstLayout(shards.length);
    this.publish(this.#placement);
    this.acknowledge();
  }

  get placement(): Placement {
    return this.#placement;
  }

  /** Writes a placement into every shard, as the placement service does. */
  publish(placement: Placement): void {
    this.#placement = placement;
    const value = encodePlacement(placement);
    for (const shard of this.shards) {
      void shard.store.commit(putAlone(placementKey, value));
    }
  }

  /** Raises the epoch of the chosen shards to the published placement. */
  acknowledge(chosen: readonly SimulatedShard[] = this.shards): void {
    for (const shard of chosen) {
      void shard.store.commit(putAlone(epochKey, encodeEpoch(this.#placement.version)));
    }
  }

  /** Starts a router, or one again that crashed, at the endpoint that is its name. */
  startRouter(name: string, skew: ClockSkew): RouterSite {
    this.#unknownsBefore += this.routers.get(name)?.unknowns ?? 0;
    const router = new RouterSite(this, name, skew, this.#tuning);
    router.setStoreFaults(this.#storeFaults);
    this.routers.set(name, router);
    this.recorder.add({ kind: "process", name, role: "router", state: "started" });
    return router;
  }

  /** Writes to shards whose answer was `unknown`. */
  get unknowns(): number {
    return [...this.routers.values()].reduce(
      (sum, router) => sum + router.unknowns,
      this.#unknownsBefore,
    );
  }

  setFaults(link: LinkFaults, store: StoreFaults): void {
    this.#storeFaults = store;
    this.network.setFaults(link);
    for (const router of this.routers.values()) router.setStoreFaults(store);
  }

  /** Nothing is injected from here on. */
  heal(): void {
    this.setFaults(cleanLink, cleanStore);
    this.network.mendAll();
    this.recorder.add({ kind: "healed" });
  }
}

const layouts = new Map<number, Placement>();

/** Laying out takes longer than a whole run, and depends on nothing but the number of shards. */
function firstLayout(shardCount: number): Placement {
  let placement = layouts.get(shardCount);
  if (placement === undefined) {
    const shards = Array.from({ length: shardCount }, (_, index) => ({
      name: `s${index}`,
      weight: 1,
    }));
    placement = firstPlacement(simulatedHash, region, shards, [hierarchicalNamespace]);
    layouts.set(shardCount, placement);
  }
  return placement;
}

function putAlone(key: string, value: Uint8Array): Txn {
  return { compares: [], success: [{ kind: "put", key, value, lease: 0n }], failure: [] };
}
