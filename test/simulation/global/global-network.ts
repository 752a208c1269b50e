import {
  cleanLink,
  type LinkDelay,
  type LinkFaults,
  SimulatedNetwork,
} from "@holdfast/simulator/kernel/simulated-network";
import type { Simulation } from "@holdfast/simulator/kernel/simulation";
import { regionOf } from "./global-names.ts";

/** Inside of a region. */
const nearMs: LinkDelay = { minMs: 0.2, maxMs: 1.5 };

/** The ways between regions. */
export interface Distances {
  /** One way, by pair of regions in the order of their names: `east-west`. */
  readonly oneWayMs: ReadonlyMap<string, number>;
  /** Messages take up to this much of the way longer. */
  readonly jitter: number;
}

/** What goes wrong on the way: between coordinators messages are asked and answered one by one. */
export interface GlobalFaults {
  /** Doubled, late, lost: a question or an answer, each on its own. */
  readonly votes: LinkFaults;
  /** Connections: a message that is lost breaks its connection; none comes twice. */
  readonly connections: LinkFaults;
}

export const noFaults: GlobalFaults = { votes: cleanLink, connections: cleanLink };

/** The network of three regions: near inside of them, far between, cut by region and direction. */
export class GlobalNetwork extends SimulatedNetwork {
  readonly #simulation: Simulation;
  readonly #cutRegions = new Set<string>();

  constructor(simulation: Simulation, { oneWayMs, jitter }: Distances) {
    super(simulation, (from, to) => {
      const farMs = oneWayMs.get(pairOf(regionOf(from), regionOf(to)));
      return farMs === undefined ? nearMs : { minMs: farMs, maxMs: farMs * (1 + jitter) };
    });
    this.#simulation = simulation;
  }

  setGlobalFaults({ votes, connections }: GlobalFaults): void {
    this.setFaults((from, to) => (isCoordinator(from) && isCoordinator(to) ? votes : connections));
  }

  /** Nothing gets from one region to the other any more; the way back is not touched. */
  cutRegion(from: string, to: string): void {
    this.#cutRegions.add(`${from}>${to}`);
    this.#simulation.trace.record(this.#simulation.nowMs, "cut-region", from, to);
  }

  mendRegion(from: string, to: string): void {
    this.#cutRegions.delete(`${from}>${to}`);
    this.#simulation.trace.record(this.#simulation.nowMs, "mend-region", from, to);
  }

  override mendAll(): void {
    super.mendAll();
    this.#cutRegions.clear();
  }

  override send(from: string, to: string, arrive: () => void): boolean {
    if (!this.#cutRegions.has(`${regionOf(from)}>${regionOf(to)}`)) {
      return super.send(from, to, arrive);
    }
    this.counts.lost++;
    return false;
  }
}

export function pairOf(one: string, other: string): string {
  return one < other ? `${one}-${other}` : `${other}-${one}`;
}

function isCoordinator(name: string): boolean {
  return name.includes("/k");
}
