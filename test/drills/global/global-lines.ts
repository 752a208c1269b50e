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

/** What a drill found that no correct platform could have shown. */
export function wrongs({ verdict, problems }: GlobalDrillResult): string[] {
  const { violations } = verdict;
  return [...violations.map(({ checker, message }) => `${checker}: ${message}`), ...problems];
}

/** Whether a drill was carried out and nothing was wrong. */
export function isWell(result: GlobalDrillResult): boolean {
  return wrongs(result).length + result.verdict.unchecked.length + result.shortfalls.length === 0;
}
