import type { Mode } from "@holdfast/core/lock/lock-id";
import type { Tenure } from "./tenure.ts";

/** An operation on a lock as on a register: it takes effect at one moment of its interval. */
export type Operation =
  | (Interval & { readonly kind: "grant"; readonly mode: Mode; readonly token: bigint })
  /** A grant ends: released, or lost. */
  | (Interval & { readonly kind: "end"; readonly grant: number })
  /** A try that found the lock taken. */
  | (Interval & {
      readonly kind: "held";
      readonly mode: Mode;
      /** A request without a known end may have been in its way. */
      readonly excused: boolean;
      /** Grants that may have stood in line, and so in its way, until they took effect. */
      readonly inLine: readonly number[];
    });

interface Interval {
  readonly tenure: Tenure;
  readonly invokeMs: number;
  /** Infinite: it may take effect at any later time, or never. */
  readonly returnMs: number;
}

/**
 * How long a request whose outcome its client never learnt may go on being in the way: places and
 * grants nobody knows of are found by the listing, once a minute.
 */
const strayMs = 65_000;

/** The operations of one lock's tenures. An `end` follows its grant in the array. */
export function operationsOf(tenures: readonly Tenure[]): Operation[] {
  const operations: Operation[] = [];
  for (const tenure of tenures) {
    if (tenure.result !== "granted") continue;
    const { invokeMs, returnMs, mode, token, believedUntilMs, endedMs } = tenure;
    const grant = operations.length;
    operations.push({ kind: "grant", tenure, invokeMs, returnMs, mode, token });
    if (believedUntilMs === Number.POSITIVE_INFINITY) continue;
    const end = { tenure, invokeMs: believedUntilMs, returnMs: endedMs };
    operations.push({ kind: "end", ...end, grant });
  }
  const grants = operations.entries().filter(([, operation]) => operation.kind === "grant");
  const granted = [...grants].map(([index, { tenure }]) => ({ index, tenure }));
  const lost = tenures.filter(({ result, waitMs }) => result === "unknown" || waitMs > 0);
  for (const tenure of tenures) {
    if (tenure.result !== "held") continue;
    const { invokeMs, returnMs, mode } = tenure;
    const excused = lost.some(
      (other) =>
        other.result !== "granted" && other.invokeMs < returnMs && strayUntilMs(other) > invokeMs,
    );
    const inLine = granted
      .filter(({ tenure: other }) => other.invokeMs < returnMs && other.returnMs > invokeMs)
      .map(({ index }) => index);
    operations.push({ kind: "held", tenure, invokeMs, returnMs, mode, excused, inLine });
  }
  return operations;
}

/** A wait that timed out had its place withdrawn before it was answered. */
function strayUntilMs({ result, invokeMs, returnMs, waitMs }: Tenure): number {
  if (result !== "unknown") return returnMs;
  return (Number.isFinite(returnMs) ? returnMs : invokeMs + waitMs) + strayMs;
}
