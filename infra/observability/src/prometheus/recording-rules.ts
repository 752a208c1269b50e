import { contended, faults } from "./selectors.ts";

/** A series that is worked out once for many readers. */
export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

/** Part of the operations that may fail in 30 days: 99.99 % are to succeed. */
export const sloErrorRatio = 0.0001;

/** Lengths that the burn of the error budget is looked at over. */
export const burnWindows = ["5m", "30m", "1h", "2h", "6h", "1d", "3d"] as const;

/** One of {@link burnWindows}. */
export type BurnWindow = (typeof burnWindows)[number];

/** The recorded part of operations that failed, by region and scope. */
export function errorRatio(window: BurnWindow): string {
  return `holdfast:operation_errors:ratio_rate${window}`;
}

const count = "holdfast_operation_seconds_count";

/**
 * The part of some operations that ended so. Without the middle a region in which none did would
 * have no ratio instead of 0.
 */
function part(outcomes: string, of: string, labels: string, window: string): string {
  const all = `sum by (${labels}) (rate(${count}{${of}}[${window}]))`;
  const some = `sum by (${labels}) (rate(${count}{${of === "" ? "" : `${of},`}${outcomes}}[${window}]))`;
  return `(${some} or 0 * ${all}) / ${all}`;
}

/**
 * Operations that waited for nobody. An acquire that was granted after a wait in line took as long
 * as the holder before it did, and says nothing about how fast Holdfast is.
 */
const prompt = 'operation=~"acquire|release|renew|get",outcome=~"granted|ok|not_held"';

function quantile(rank: number, selector: string, labels: string): string {
  const buckets = `rate(holdfast_operation_seconds_bucket{${selector}}[5m])`;
  return `histogram_quantile(${rank}, sum by (${labels}, le) (${buckets}))`;
}

/** All recorded series. */
export const recordingRules: readonly RecordingRule[] = [
  {
    record: "holdfast:operations:rate5m",
    expr: `sum by (region, scope, operation, outcome) (rate(${count}[5m]))`,
  },
  {
    record: "holdfast:prompt_operations:rate5m",
    expr: `sum by (region, scope) (rate(${count}{${prompt}}[5m]))`,
  },
  ...[50, 95, 99].map((percent) => ({
    record: `holdfast:prompt_operation_seconds:p${percent}_5m`,
    expr: quantile(percent / 100, prompt, "region, scope"),
  })),
  {
    record: "holdfast:contended_acquires:ratio_rate10m",
    expr: part(contended, 'operation="acquire"', "region", "10m"),
  },
  ...burnWindows.map((window) => ({
    record: errorRatio(window),
    expr: part(faults, "", "region, scope", window),
  })),
];
