import { outsideOfJobs } from "@holdfast/simulator/kernel/microtasks";
import type { Simulation } from "@holdfast/simulator/kernel/simulation";
import type { Stretch, StretchResult } from "./seed-pool.ts";
import { type Figures, failuresKeptMax, type SeedResult, sumOf } from "./seed-report.ts";
import { LocalWorld } from "./world/local-world.ts";

/** Errors that nobody handled, since the last seed: each is a bug that no checker would see. */
const unhandled: unknown[] = [];
process.on("unhandledRejection", (reason) => unhandled.push(reason));
// What a listener of an abort signal throws comes this way.
process.on("uncaughtException", (error) => unhandled.push(error));

/** A seed's world that is made and run as a whole. */
interface SeedWorld {
  readonly simulation: Simulation;
  run(): SeedResult;
  result(violations: SeedResult["violations"]): SeedResult;
}

type MakeWorld = (seed: number, keepTrace: boolean) => SeedWorld;

const localWorld: MakeWorld = (seed, keepTrace) => new LocalWorld(seed, keepTrace);

/** Runs one seed, with its trace on demand. */
export async function runAlone(
  seed: number,
  keepTrace: boolean,
  make = localWorld,
): Promise<{ readonly result: SeedResult; readonly lines: readonly string[] }> {
  const world = await outsideOfJobs(() => make(seed, keepTrace));
  let result: SeedResult;
  try {
    result = await outsideOfJobs(() => world.run());
  } catch (error) {
    result = { ...world.result([]), violations: [crashed(error)] };
  }
  // Node tells of unhandled rejections at the end of a turn.
  await new Promise((resolve) => setImmediate(resolve));
  const bugs = unhandled.splice(0).map(crashed);
  return {
    result: { ...result, violations: [...result.violations, ...bugs] },
    lines: world.simulation.trace.lines,
  };
}

let cpuReportedMs = 0;

/** CPU time of this process since the last call. */
function cpuSpentMs(): number {
  const { user, system } = process.cpuUsage();
  const totalMs = (user + system) / 1_000;
  const spentMs = totalMs - cpuReportedMs;
  cpuReportedMs = totalMs;
  return spentMs;
}

/** Runs a stretch of seeds one after the other. */
export async function runStretch(stretch: Stretch, make = localWorld): Promise<StretchResult> {
  const figures: Figures[] = [];
  const failures: SeedResult[] = [];
  for (let seed = stretch.from; seed < stretch.from + stretch.count; seed++) {
    const { result } = await runAlone(seed, false, make);
    figures.push(result.figures);
    if (result.violations.length > 0 && failures.length < failuresKeptMax) failures.push(result);
  }
  return { seeds: stretch.count, failures, figures: sumOf(figures), cpuMs: cpuSpentMs() };
}

function crashed(error: unknown) {
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { checker: "crash", atMs: 0, message };
}
