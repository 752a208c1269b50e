import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { failuresKeptMax, type SeedReport, type SeedResult, sumOf } from "./seed-report.ts";

/** Which seeds to run, and in how many processes. */
export interface SeedOrder {
  /** `local`, unless it is said: the world of the local tier, or one of the global tier's. */
  readonly world?: World;
  readonly from: number;
  readonly count: number;
  readonly workers: number;
  /** Run the sabotaged build of this name. */
  readonly mutant?: string;
  /** Stop at the first seed that finds something. */
  readonly stopAtFirst?: boolean;
  /** Start no more seeds after this long, in ms. */
  readonly budgetMs?: number;
}

/** What a seed is a run of. */
export type World = "local" | "register" | "delegation" | "global";

/** Seeds a worker is given at once: enough that asking for the next costs nothing. */
const stretchLengths: Readonly<Record<World, number>> = {
  local: 25,
  register: 500,
  delegation: 200,
  global: 5,
};

/** A stretch of seeds for one worker. */
export interface Stretch {
  readonly from: number;
  readonly count: number;
}

/** What a worker reports of a stretch. */
export interface StretchResult {
  readonly seeds: number;
  readonly failures: readonly SeedResult[];
  readonly figures: SeedReport["figures"];
  /** Spent by this worker since its last report. */
  readonly cpuMs: number;
}

const main = fileURLToPath(new URL("./main.ts", import.meta.url));

/** Runs seeds in child processes; the order in which they finish does not matter. */
export async function runSeeds(order: SeedOrder): Promise<SeedReport> {
  const startedMs = performance.now();
  const { world = "local" } = order;
  const stretchLength = stretchLengths[world];
  const results: StretchResult[] = [];
  let next = order.from;
  const end = order.from + order.count;
  const take = (): Stretch | undefined => {
    const found = order.stopAtFirst === true && results.some((it) => it.failures.length > 0);
    const late = performance.now() - startedMs > (order.budgetMs ?? Number.POSITIVE_INFINITY);
    if (found || late || next >= end) return undefined;
    const from = next;
    next = Math.min(end, next + stretchLength);
    return { from, count: next - from };
  };
  const workers = Math.min(order.workers, Math.ceil(order.count / stretchLength));
  await Promise.all(
    Array.from({ length: workers }, () =>
      work(world, order.mutant, take, (it) => results.push(it)),
    ),
  );
  const failures = results.flatMap((it) => it.failures).sort((a, b) => a.seed - b.seed);
  return {
    seeds: results.reduce((sum, it) => sum + it.seeds, 0),
    failures: failures.slice(0, failuresKeptMax),
    figures: sumOf(results.map((it) => it.figures)),
    elapsedMs: performance.now() - startedMs,
    cpuMs: results.reduce((sum, it) => sum + it.cpuMs, 0),
  };
}

function work(
  world: World,
  mutant: string | undefined,
  take: () => Stretch | undefined,
  onResult: (result: StretchResult) => void,
): Promise<void> {
  const first = take();
  if (first === undefined) return Promise.resolve();
  const args = [
    "--worker",
    "--world",
    world,
    ...(mutant === undefined ? [] : ["--mutant", mutant]),
  ];
  const child: ChildProcess = fork(main, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  return new Promise((resolve, reject) => {
    child.on("message", (result: StretchResult) => {
      onResult(result);
      const stretch = take();
      if (stretch === undefined) child.disconnect();
      else child.send(stretch);
    });
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`a worker of the simulation ended with ${signal ?? `code ${code}`}`));
    });
    child.send(first);
  });
}
