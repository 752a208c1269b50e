import { resultLines } from "../result-lines.ts";
import type { GlobalDrillResult } from "./run-global-drill.ts";

/** What a drill came to, for people. */
export function globalLines(name: string, result: GlobalDrillResult): string[] {
  const { figures, problems, writes, tookS } = result;
  const measured = Object.entries(figures).map(([key, value]) => `${key} ${Math.round(value)}`);
  return [
    ...resultLines(name, { ...result, earlyEnded: 0 }),
    `${writes.taken} writes taken, ${writes.stale} refused as stale; ${tookS.toFixed(0)} s in all`,
    ...(measured.length === 0 ? [] : [measured.join(", ")]),
    ...problems.map((problem) => `PROBLEM ${problem}`),
  ];
}

/** Whether a drill was carried out and nothing was wrong. */
export function isWell({ verdict, shortfalls, problems }: GlobalDrillResult): boolean {
  const { violations, unchecked } = verdict;
  return violations.length + unchecked.length + shortfalls.length + problems.length === 0;
}
