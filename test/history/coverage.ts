import type { FaultEvent, HistoryEvent } from "./history-event.ts";
import type { Tenure } from "./tenure.ts";

/** How much a run has put to the test. */
export interface Coverage {
  /** Acquires and releases that were answered. */
  readonly operations: number;
  readonly granted: number;
  /** Answered operations a second over the whole run. */
  readonly perSecond: number;
  readonly grantsPerSecond: number;
  /** The same in the slowest stretch of {@link stretchMs}. */
  readonly perSecondMin: number;
  /** Share of the operations, 0 to 1, that were under way while something was broken. */
  readonly overlap: number;
  /** Acquires of which nobody knows what they came to, and grants that were lost. */
  readonly unknown: number;
  readonly lost: number;
}

/** Long enough for a leader election or a failover of clients to be a part of it only. */
export const stretchMs = 10_000;

/** What a run must reach for its verdict to mean anything. */
export interface CoverageFloor {
  readonly perSecondMin: number;
  readonly overlap: number;
  /** Over the whole run: answers that refuse are no use to anybody. 0 if left out. */
  readonly grantsPerSecondMin?: number;
}

/** Measures a history between two moments. */
export function coverageOf(
  events: readonly HistoryEvent[],
  tenures: readonly Tenure[],
  fromMs: number,
  untilMs: number,
): Coverage {
  const faults = events.filter((event): event is FaultEvent => event.kind === "fault");
  const intervals = tenures.flatMap(({ invokeMs, returnMs, release, result }) => {
    const acquire = result === "unknown" ? [] : [{ invokeMs, returnMs }];
    return release === undefined ? acquire : [...acquire, release];
  });
  const answered = intervals.filter(({ returnMs }) => Number.isFinite(returnMs));
  const overlapping = answered.filter(({ invokeMs, returnMs }) =>
    faults.some((fault) => fault.atMs < returnMs && fault.untilMs > invokeMs),
  );
  const stretches = Math.max(1, Math.floor((untilMs - fromMs) / stretchMs));
  const counts = new Array<number>(stretches).fill(0);
  for (const { returnMs } of answered) {
    const stretch = Math.floor((returnMs - fromMs) / stretchMs);
    if (counts[stretch] !== undefined) counts[stretch]++;
  }
  const granted = tenures.filter(({ result }) => result === "granted").length;
  return {
    operations: answered.length,
    granted,
    grantsPerSecond: (granted * 1_000) / (untilMs - fromMs),
    perSecond: (answered.length * 1_000) / (untilMs - fromMs),
    perSecondMin: (Math.min(...counts) * 1_000) / stretchMs,
    overlap: answered.length === 0 ? 0 : overlapping.length / answered.length,
    unknown: tenures.filter(({ result }) => result === "unknown").length,
    lost: events.filter(({ kind }) => kind === "lost").length,
  };
}

/** What is missing for the run to count; empty if it does. */
export function shortfalls(coverage: Coverage, floor: CoverageFloor): string[] {
  const short: string[] = [];
  const { perSecondMin, overlap, grantsPerSecond } = coverage;
  const { grantsPerSecondMin = 0 } = floor;
  if (grantsPerSecond < grantsPerSecondMin) {
    const rate = `${grantsPerSecond.toFixed(2)} grants a second`;
    short.push(`${rate}; ${grantsPerSecondMin} is the floor`);
  }
  if (perSecondMin < floor.perSecondMin) {
    const least = `${perSecondMin.toFixed(1)} operations a second in its slowest ${stretchMs} ms`;
    short.push(`${least}; ${floor.perSecondMin} is the floor`);
  }
  if (overlap < floor.overlap) {
    const share = `${(overlap * 100).toFixed(1)} % of the operations overlapped a fault`;
    short.push(`${share}; ${floor.overlap * 100} % is the floor`);
  }
  return short;
}
