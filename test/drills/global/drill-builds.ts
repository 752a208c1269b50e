import type { ProcessBuild } from "../../wan/wan-site.ts";
import { mutantCalled } from "./global-mutants.ts";

/** What the coordinators and the processes of clients of a run are. */
export interface DrillBuilds {
  readonly coordinators: ProcessBuild;
  readonly clients: ProcessBuild;
}

const coordinatorBuild = new URL("coordinator-build.ts", import.meta.url);
const sabotagedClients = new URL("sabotaged-clients.ts", import.meta.url);

/** The builds that drills are run with: honest, or with one of them sabotaged as `mutant` says. */
export function drillBuilds(mutant?: string): DrillBuilds {
  const coordinators: ProcessBuild = { preloads: [coordinatorBuild], env: {} };
  const clients: ProcessBuild = { preloads: [], env: {} };
  if (mutant === undefined) return { coordinators, clients };
  const env = { HOLDFAST_MUTANT: mutant };
  return mutantCalled(mutant).of === "coordinators"
    ? { coordinators: { ...coordinators, env }, clients }
    : { coordinators, clients: { preloads: [sabotagedClients], env } };
}
