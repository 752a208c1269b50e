import type { Drill, DrillEnd, DrillSettings } from "../drill.ts";
import { startPlatform } from "./drilled-platform.ts";
import type { CoordinatorBuild } from "./drilled-site.ts";
import type { GlobalDrill } from "./global-drill.ts";
import { globalDrills } from "./global-drills.ts";
import { globalLines, isWell } from "./global-lines.ts";
import { runGlobalDrill } from "./run-global-drill.ts";

const coordinatorBuild = new URL("coordinator-build.ts", import.meta.url);

/** The coordinators that drills are run with; with `mutant`, sabotaged ones. */
export function drillBuild(mutant?: string): CoordinatorBuild {
  const env: Record<string, string> = mutant === undefined ? {} : { HOLDFAST_MUTANT: mutant };
  return { preloads: [coordinatorBuild], env };
}

/** Each drill of the global tier alone, on a platform of its own. */
export const globalCatalogue: readonly Drill[] = globalDrills.map((drill): Drill => {
  const { name, about, seconds, shortSeconds } = drill;
  return {
    name,
    about: `${about}; ${seconds} s, --short ${shortSeconds} s`,
    run: (settings) => runAlone(drill, settings),
  };
});

async function runAlone(
  drill: GlobalDrill,
  { seconds, seed, mutant, isShort }: DrillSettings,
): Promise<DrillEnd> {
  await using platform = await startPlatform({ build: drillBuild(mutant) });
  const usual = isShort ? drill.shortSeconds : drill.seconds;
  const result = await runGlobalDrill(platform, drill, {
    seconds: seconds ?? usual,
    seed,
    isShort,
  });
  return { lines: globalLines(drill.name, result), isWell: isWell(result) };
}
