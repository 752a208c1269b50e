import { SeededRandom } from "@holdfast/base/random";
import { drainedRouterLine, runDrainedRouterDrill } from "./drained-router.ts";
import type { Drill } from "./drill.ts";
import { runDuplicatesDrill } from "./duplicates.ts";
import { duplicatesLine } from "./duplicates-line.ts";
import { runFaultDrill } from "./fault-drill.ts";
import { faultDrills } from "./fault-drills.ts";
import { globalCatalogue } from "./global/global-catalogue.ts";
import { startRegion } from "./region.ts";
import { resultLines } from "./result-lines.ts";
import { runWaitersDrill } from "./waiters-drill.ts";
import { waitersLine } from "./waiters-line.ts";

const releases = 1_000;

/** Every drill there is. */
export const drillCatalogue: readonly Drill[] = [
  ...faultDrills.map(({ name, about, seconds: usual, faults }): Drill => {
    return {
      name,
      about: `${about}; ${usual} s`,
      run: async ({ seconds = usual, seed, mutant }) => {
        const plan = { name, faults: faults(seconds), seconds, seed };
        const result = await runFaultDrill(mutant === undefined ? plan : { ...plan, mutant });
        const { violations, unchecked } = result.verdict;
        const troubles = violations.length + unchecked.length + result.shortfalls.length;
        return { lines: resultLines(name, result), isWell: troubles === 0 };
      },
    };
  }),
  waitersDrill("waiters", 1, "10,000 waiters on one lock through one router, counted at etcd"),
  waitersDrill("waiters-two-routers", 2, "the same, shared by two routers"),
  {
    name: "drained-router",
    about: "SIGTERM to a router with 10,000 streams, each of a client with a lock; a minute or two",
    run: async ({ isShort }) => {
      await using region = await startRegion();
      const result = await runDrainedRouterDrill(region, isShort ? 1_000 : 10_000);
      const isWell = result.lost === 0 && result.endedMs !== undefined;
      return { lines: [drainedRouterLine(result)], isWell };
    },
  },
  {
    name: "duplicates",
    about: "every request in several copies at once, over both routers; --seconds is ignored",
    run: async ({ seed }) => {
      await using region = await startRegion();
      const result = await runDuplicatesDrill(region, new SeededRandom(seed), 500);
      return { lines: [duplicatesLine(result)], isWell: result.problems.length === 0 };
    },
  },
  ...globalCatalogue,
];

function waitersDrill(name: string, routers: number, about: string): Drill {
  return {
    name,
    about: `${about}; --seconds is ignored`,
    run: async () => {
      await using region = await startRegion();
      const endpoints = region.endpoints.slice(0, routers);
      const plan = { lockName: name, waiters: 10_000, releases, clients: 12, endpoints };
      const result = await runWaitersDrill(region, plan);
      const isWell = result.grants === releases && result.outOfOrder + result.left === 0;
      return { lines: [waitersLine(name, result)], isWell };
    },
  };
}
