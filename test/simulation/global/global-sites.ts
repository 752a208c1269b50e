import type { Command } from "@holdfast/core/command/command";
import { lockKey } from "@holdfast/core/lock/lock-id";
import type { SimulatedProcess } from "@holdfast/simulator/kernel/simulated-process";
import type { Simulation } from "@holdfast/simulator/kernel/simulation";
import { cleanStore, type StoreFaults } from "@holdfast/simulator/store/store-faults";
import { simulatedHash } from "../world/simulated-hash.ts";
import { CoordinatorSite } from "./coordinator-site.ts";
import { coordinatorName, regionNames, regionOf, routerName } from "./global-names.ts";
import { GlobalNetwork, noFaults } from "./global-network.ts";
import type { GlobalPlan } from "./global-plan.ts";
import type { GlobalRecorder } from "./global-recorder.ts";
import { GlobalRegion } from "./global-region.ts";
import { GlobalRouter } from "./global-router.ts";
import type { RemoteCall } from "./remote-calls.ts";
import type { SiteSurroundings } from "./site-surroundings.ts";

/** Everything that is a process or a shard of the platform, and the network between them. */
export class GlobalSites implements SiteSurroundings {
  readonly simulation: Simulation;
  readonly network: GlobalNetwork;
  readonly recorder: GlobalRecorder;
  readonly plan: GlobalPlan;
  readonly routers = new Map<string, GlobalRouter>();
  readonly coordinators = new Map<string, CoordinatorSite>();
  storeFaults: StoreFaults = cleanStore;
  readonly #regions: ReadonlyMap<string, GlobalRegion>;
  /** Those that crashed or were started anew: their timers are nobody's. */
  readonly #gone: (GlobalRouter | CoordinatorSite)[] = [];

  constructor(simulation: Simulation, recorder: GlobalRecorder, plan: GlobalPlan) {
    this.simulation = simulation;
    this.recorder = recorder;
    this.plan = plan;
    this.network = new GlobalNetwork(simulation, plan.distances);
    this.#regions = new Map(
      regionNames.map((name) => [name, new GlobalRegion(name, simulation, recorder, plan)]),
    );
    for (const region of regionNames) {
      for (let index = 0; index < plan.coordinatorsPerRegion; index++) {
        this.startCoordinator(coordinatorName(region, index));
      }
      for (let index = 0; index < plan.routersPerRegion; index++) {
        this.startRouter(routerName(region, index));
      }
    }
  }

  region(name: string): GlobalRegion {
    const region = this.#regions.get(name);
    if (region === undefined) throw new Error(`there is no region ${name}`);
    return region;
  }

  get shards() {
    return [...this.#regions.values()].flatMap(({ shards }) => shards);
  }

  /** Endpoints of a region's routers. */
  routersIn(region: string): string[] {
    return [...this.routers.keys()].filter((name) => name.startsWith(`${region}/`));
  }

  /** The coordinators of a region in the order in which a command tries them. */
  coordinatorsFor(region: string, command: Command): string[] {
    const names = [...this.coordinators.keys()].filter((name) => name.startsWith(`${region}/`));
    const key = "lock" in command ? lockKey(command.lock) : command.kind;
    const rank = (name: string) => simulatedHash(`${key} ${name}`);
    return names.sort((one, two) => (rank(one) < rank(two) ? -1 : 1));
  }

  /** The coordinator that tells other regions of its region's votes. */
  voterOf(region: string): CoordinatorSite | undefined {
    const all = [...this.coordinators].filter(([name]) => name.startsWith(`${region}/`));
    return all.find(([, { process }]) => process.state !== "crashed")?.[1];
  }

  startCoordinator(name: string): void {
    this.coordinators.set(name, new CoordinatorSite(this, regionOf(name), name));
    this.recorder.add({ kind: "process", name, role: "router", state: "started" });
  }

  startRouter(name: string): void {
    this.routers.set(name, new GlobalRouter(this, regionOf(name), name));
    this.recorder.add({ kind: "process", name, role: "router", state: "started" });
  }

  /** The process is gone, with everything it knew, and its connections with it. */
  crash(site: GlobalRouter | CoordinatorSite): void {
    const { process } = site;
    process.crash();
    this.#gone.push(site);
    this.recorder.add({ kind: "process", name: process.name, role: "router", state: "crashed" });
    for (const call of this.#callsOf(process)) call.break();
    if (site instanceof GlobalRouter) site.host.breakConnections("router crashed");
  }

  /** Every process that runs, and is to run on. */
  get processes(): SimulatedProcess[] {
    const sites = [...this.routers.values(), ...this.coordinators.values()];
    return sites.map(({ process }) => process).filter(({ state }) => state !== "crashed");
  }

  setFaults(faults: GlobalPlan["faults"], store: StoreFaults): void {
    this.storeFaults = store;
    this.network.setGlobalFaults(faults);
    for (const { links } of [...this.routers.values(), ...this.coordinators.values()]) {
      for (const link of links) link.setFaults(store);
    }
  }

  /** Nothing goes wrong from here on. */
  heal(): void {
    this.setFaults(noFaults, cleanStore);
    this.network.mendAll();
    for (const name of [...this.coordinators.keys(), ...this.routers.keys()]) this.restart(name);
  }

  /** Starts the process of that name again, if it is down. */
  restart(name: string): void {
    if (this.coordinators.get(name)?.process.state === "crashed") this.startCoordinator(name);
    if (this.routers.get(name)?.process.state === "crashed") this.startRouter(name);
  }

  /** Writes to shards whose answer was `unknown`. */
  get unknowns(): number {
    const sites = [...this.routers.values(), ...this.coordinators.values(), ...this.#gone];
    return sites.flatMap(({ links }) => links).reduce((sum, link) => sum + link.unknowns, 0);
  }

  stop(): void {
    for (const site of [...this.coordinators.values(), ...this.routers.values()]) site.stop();
  }

  /** Calls that it serves, and calls that it made. */
  #callsOf({ name }: SimulatedProcess): RemoteCall[] {
    const sites = [...this.routers.values(), ...this.coordinators.values()];
    return sites.flatMap(({ calls, process }) =>
      [...calls].filter((call) => process.name === name || call.asker === name),
    );
  }
}
