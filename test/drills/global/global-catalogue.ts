import { invariant } from "@holdfast/base/invariant";
import { type PlatformOptions, startPlatform } from "../../wan/wan-platform.ts";
import type { ProcessBuild } from "../../wan/wan-site.ts";
import type { Drill, DrillEnd, DrillSettings } from "../drill.ts";
import { drillBuilds } from "./drill-builds.ts";
import type { GlobalDrill } from "./global-drill.ts";
import { globalDrills } from "./global-drills.ts";
import { globalLines, isWell, wrongs } from "./global-lines.ts";
import { globalMutants, mutantCalled } from "./global-mutants.ts";
import { type GlobalDrillResult, runGlobalDrill } from "./run-global-drill.ts";

/** Each drill of the global tier alone, on a platform of its own. */
export const globalCatalogue: readonly Drill[] = globalDrills.map((drill): Drill => {
  const { name, about, seconds, shortSeconds } = drill;
  return {
    name,
    about: `${about}; ${seconds} s, --short ${shortSeconds} s`,
    run: async (settings) => {
      const result = await runAlone(drill, settings);
      return { lines: globalLines(name, result), isWell: isWell(result) };
    },
  };
});

/** The sabotaged builds, a line each. */
export const sabotageList: readonly string[] = globalMutants.map(
  ({ name, about, drill }) => `--sabotage ${name}: ${about}; found out by ${drill}`,
);

/** Runs the drill that must find the sabotaged build out; all is well if it does. */
export async function runSabotage(name: string, seed: number): Promise<DrillEnd> {
  const { drill, evidence, seconds } = mutantCalled(name);
  const result = await runAlone(drillCalled(drill), {
    ...{ seconds, seed, mutant: name, isShort: true },
  });
  const isFoundOut = wrongs(result).some((wrong) => evidence.test(wrong));
  const verdict = isFoundOut ? `${name} was found out` : `${name} SURVIVED ${drill}`;
  return { lines: [...globalLines(drill, result), verdict], isWell: isFoundOut };
}

/** The drill called so. */
export function drillCalled(name: string): GlobalDrill {
  const drill = globalDrills.find((each) => each.name === name);
  invariant(drill !== undefined, `a drill of the global tier is called ${name}`);
  return drill;
}

/** How the platform of a drill is started. */
export function platformFor(
  { shards = 1, replaceable = false }: GlobalDrill,
  build: ProcessBuild,
): PlatformOptions {
  return { build, shards, replaceable };
}

/** It cannot be run on the platform that the others share. */
export function isAlone({ shards, replaceable }: GlobalDrill): boolean {
  return shards !== undefined || replaceable === true;
}

async function runAlone(
  drill: GlobalDrill,
  { seconds, seed, mutant, isShort }: DrillSettings,
): Promise<GlobalDrillResult> {
  const { coordinators, clients } = drillBuilds(mutant);
  await using platform = await startPlatform(platformFor(drill, coordinators));
  const usual = isShort ? drill.shortSeconds : drill.seconds;
  const settings = { seconds: seconds ?? usual, seed, isShort, clients };
  return await runGlobalDrill(platform, drill, settings);
}
