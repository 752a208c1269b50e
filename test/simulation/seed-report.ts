import type { Violation } from "@holdfast/simulator/history/run";

/** What a run was made of and came to, in numbers that add up over seeds. */
export type Figures = Readonly<Record<string, number>>;

/** One seed's run. */
export interface SeedResult {
  readonly seed: number;
  /** Of the trace: equal for equal runs. */
  readonly hash: string;
  readonly violations: readonly Violation[];
  readonly figures: Figures;
}

/** Many seeds' runs. */
export interface SeedReport {
  /** How many seeds were run. */
  readonly seeds: number;
  /** Those that found something, lowest seed first. */
  readonly failures: readonly SeedResult[];
  readonly figures: Figures;
  readonly elapsedMs: number;
  /** Spent by the workers, starting included. */
  readonly cpuMs: number;
}

/** Failures kept with their details; the others are only counted. */
export const failuresKeptMax = 20;

/** Adds the figures of runs up. */
export function sumOf(all: Iterable<Figures>): Figures {
  const sum: Record<string, number> = {};
  for (const figures of all) {
    for (const [name, value] of Object.entries(figures)) sum[name] = (sum[name] ?? 0) + value;
  }
  return sum;
}

/** The command that runs one seed again. */
export function replayCommand(seed: number, mutant?: string, world = "local"): string {
  const sabotage = mutant === undefined ? "" : ` --mutant ${mutant}`;
  if (world === "register") return `npm run simulate -- --schedule ${seed}${sabotage}`;
  if (world === "delegation") return `npm run simulate -- --delegation ${seed}${sabotage}`;
  const global = world === "global" ? " --global" : "";
  return `npm run simulate --${global} --seed ${seed}${sabotage} --trace`;
}

function isSchedules(world: string): boolean {
  return world === "register" || world === "delegation";
}

/** A report for people: what was covered, and of each failure what was found and how to see it. */
export function printReport(report: SeedReport, mutant?: string, world = "local"): string {
  const { seeds, failures, figures, elapsedMs, cpuMs } = report;
  const perSecond = Math.round((seeds / Math.max(1, elapsedMs)) * 1_000);
  const eachMs = (cpuMs / Math.max(1, seeds)).toFixed(1);
  const covered = Object.entries(figures)
    .map(([name, value]) => `${Math.round(value).toLocaleString("en")} ${name}`)
    .join(", ");
  const lines = [
    `${seeds.toLocaleString("en")} ${isSchedules(world) ? "schedules" : "seeds"} in ${(elapsedMs / 1_000).toFixed(1)} s ` +
      `(${perSecond}/s, ${eachMs} ms of CPU each): ${covered}`,
    failures.length === 0 ? "no violation" : `VIOLATIONS in ${failures.length} seeds:`,
  ];
  for (const { seed, violations } of failures) {
    const [first] = violations;
    const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : "";
    lines.push(
      `  seed ${seed} at ${first?.atMs.toFixed(1)} ms: ${first?.checker}: ${first?.message}${more}`,
      `    ${replayCommand(seed, mutant, world)}`,
    );
  }
  return lines.join("\n");
}
