import type { Alert } from "@holdfast/observability/alerts/alert";

/** One firing that is expected. */
export interface Firing {
  /** The labels that its series has; those of the alert itself come on top. */
  readonly labels: Readonly<Record<string, string>>;
  /** `$value` as the summary writes it; absent where the summary does not. */
  readonly value?: string;
}

/** A course of things, and whether an alert is to fire in it. */
export interface AlertCase {
  readonly alert: Alert["name"];
  /** What happens, as a sentence's end: "fires when …". */
  readonly when: string;
  /** Series by their selector, in promtool's notation of values. */
  readonly series: Readonly<Record<string, string>>;
  /**
   * Time between two values; a minute if absent. With two minutes rules are looked at less often.
   */
  readonly every?: "15s" | "2m";
  /** When it is looked at. */
  readonly at: string;
  /** Empty: it is silent. */
  readonly fires: readonly Firing[];
}

/** Operations that end in one way, `perS` a second, each of them taking so long; so many values. */
export function operations(
  labels: { region?: string; scope?: string; operation?: string; outcome: string },
  perS: number,
  tookS = 0.004,
  values = 40,
): Record<string, string> {
  const { region = "us-east-1", scope = "local", operation = "acquire", outcome } = labels;
  const selector = `region="${region}",scope="${scope}",operation="${operation}",outcome="${outcome}"`;
  const rising = `0+${perS * 60}x${values}`;
  const bounds = [0.005, 0.05, 0.1, 1];
  return {
    ...Object.fromEntries(
      bounds.map((bound) => [
        `holdfast_operation_seconds_bucket{${selector},le="${bound}"}`,
        tookS <= bound ? rising : `0x${values}`,
      ]),
    ),
    [`holdfast_operation_seconds_bucket{${selector},le="+Inf"}`]: rising,
    [`holdfast_operation_seconds_count{${selector}}`]: rising,
  };
}
