import { doorOf, regions } from "./installation.ts";
import type { Platform } from "./platform.ts";
import type { LoadFigures, LoadSettings } from "./pod/settings.ts";
import { RunningLoad } from "./running-load.ts";

const standard: LoadSettings = {
  regions: regions.map(doorOf),
  ttlMs: 15_000,
  clients: 2,
  askers: 2,
  idlers: 10,
  watches: 1,
  global: true,
  restMs: 50,
  secondsMax: 1_800,
};

/** Of what was lost, and of what failed. */
const shownMax = 8;

/** Has clients in all regions at work while `work` is done; what they met. */
export async function underLoad(
  platform: Platform,
  work: (load: RunningLoad) => Promise<void>,
  settings: Partial<LoadSettings> = {},
): Promise<LoadFigures> {
  const { cluster, client } = platform;
  const load = await RunningLoad.start(cluster, client, { ...standard, ...settings });
  try {
    await work(load);
  } catch (error) {
    const figures = load.figures;
    await load.abandon();
    const met = figures === undefined ? "" : `; until then ${told(figures)}`;
    throw new Error(`${error instanceof Error ? error.message : String(error)}${met}`);
  }
  return load.stop();
}

/** Throws if a promise was broken: two holders, a token that did not grow, a false belief. */
export function assertSafe(figures: LoadFigures): void {
  if (figures.violations.length > 0) throw new Error(figures.violations.join("; "));
  if (figures.handovers === 0) throw new Error("no lock went from one holder to the next");
}

/** Throws if anybody noticed anything: an operation that failed, a lock that was lost. */
export function assertUnnoticed(figures: LoadFigures): void {
  assertSafe(figures);
  const { failures, failureCount, lost } = figures;
  if (lost.length === 0 && failureCount === 0) return;
  const what = [...lost.slice(0, shownMax), ...failures.slice(0, shownMax)].join("; ");
  throw new Error(`${what}: ${told(figures)}`);
}

/** For people. */
export function told(figures: LoadFigures): string {
  const { operations, failureCount, kept, lost, p99Ms, longestMs, longestPauseMs } = figures;
  const pause = Math.max(0, ...Object.values(longestPauseMs));
  return (
    `${operations} operations, ${failureCount} failed, ${lost.length} of ${kept} kept locks lost, ` +
    `${figures.handovers} handed over, p99 ${p99Ms} ms, longest ${longestMs} ms, ` +
    `longest pause of a region ${pause} ms`
  );
}
