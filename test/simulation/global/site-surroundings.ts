import type { Command } from "@holdfast/core/command/command";
import type { Simulation } from "@holdfast/simulator/kernel/simulation";
import type { StoreFaults } from "@holdfast/simulator/store/store-faults";
import type { GlobalNetwork } from "./global-network.ts";
import type { GlobalPlan } from "./global-plan.ts";
import type { GlobalRecorder } from "./global-recorder.ts";
import type { GlobalRegion } from "./global-region.ts";
import type { CallHost } from "./remote-calls.ts";
import type { VotesHost } from "./remote-votes.ts";

/** What a process of the platform sees of the world. */
export interface SiteSurroundings {
  readonly simulation: Simulation;
  readonly network: GlobalNetwork;
  readonly recorder: GlobalRecorder;
  readonly plan: GlobalPlan;
  readonly storeFaults: StoreFaults;
  readonly routers: ReadonlyMap<string, CallHost>;
  readonly coordinators: ReadonlyMap<string, CallHost>;
  region(name: string): GlobalRegion;
  /** Endpoints of a region's routers. */
  routersIn(region: string): string[];
  /** The coordinators of a region in the order in which a command tries them. */
  coordinatorsFor(region: string, command: Command): string[];
  /** The coordinator that tells other regions of its region's votes. */
  voterOf(region: string): VotesHost | undefined;
}
