import type { FaultDrillResult } from "./fault-drill.ts";

/** What a drill came to, for people. */
export function resultLines(name: string, result: Omit<FaultDrillResult, "logs">): string[] {
  const { coverage, verdict, shortfalls, earlyEnded, files } = result;
  const { operations, granted, perSecond, perSecondMin, overlap, unknown, lost } = coverage;
  return [
    `${name}: ${operations} operations (${perSecond.toFixed(0)}/s, ${perSecondMin.toFixed(0)}/s at ` +
      `the slowest), ${granted} grants, ${(overlap * 100).toFixed(0)} % overlapped a fault, ` +
      `${unknown} unknown, ${lost} lost, ${verdict.violations.length} violations`,
    ...verdict.violations
      .slice(0, 10)
      .map(({ checker, lock, message }) => `VIOLATION ${checker} of ${lock}: ${message}`),
    ...verdict.unchecked.map((lock) => `NOT CHECKED ${lock}: too many ways to order it`),
    ...(earlyEnded > 0
      ? [`${earlyEnded} tenures whose lease a thawed etcd leader ended early`]
      : []),
    ...shortfalls.map((shortfall) => `NOT VALID ${shortfall}`),
    `report: ${files.html}`,
  ];
}
