import type { Stretch, StretchResult } from "../seed-pool.ts";
import { type Figures, failuresKeptMax, type SeedResult, sumOf } from "../seed-report.ts";
import { runSchedule } from "./run-schedule.ts";

/** Runs a stretch of schedules one after the other. */
export function runSchedules({ from, count }: Stretch): StretchResult {
  const before = process.cpuUsage();
  const figures: Figures[] = [];
  const failures: SeedResult[] = [];
  for (let seed = from; seed < from + count; seed++) {
    const result = runSchedule(seed);
    figures.push(result.figures);
    if (result.violations.length > 0 && failures.length < failuresKeptMax) failures.push(result);
  }
  const { user, system } = process.cpuUsage(before);
  return { seeds: count, failures, figures: sumOf(figures), cpuMs: (user + system) / 1_000 };
}
