import { type Alert, runbookFile } from "@holdfast/observability/alerts/alert";
import { alertGroups, alerts } from "@holdfast/observability/alerts/alert-groups";
import { fixedLabels } from "@holdfast/observability/prometheus/rule-files";
import type { AlertCase, Firing } from "./cases/alert-case.ts";

/**
 * Labels that stand in a summary for machines and for pods, so that one of them is always absent.
 */
const mayBeAbsent = new Set(["persistentvolumeclaim", "mountpoint", "pod"]);

/**
 * How often rules are looked at: long courses are many evaluations, and each of them reads days.
 */
const evaluated = { "15s": "15s", "1m": "1m", "2m": "10m" } as const;

/** A file for `promtool test rules`, one test for each case; all cases have the same `every`. */
export function ruleTestFile(
  cases: readonly AlertCase[],
  ruleFiles: readonly string[],
  runbooks: string,
) {
  return {
    rule_files: ruleFiles,
    evaluation_interval: evaluated[cases[0]?.every ?? "1m"],
    group_eval_order: ["holdfast-recorded", ...alertGroups.map(({ name }) => name)],
    tests: cases.map((each) => ({
      name: titleOf(each),
      interval: each.every ?? "1m",
      input_series: Object.entries(each.series).map(([series, values]) => ({ series, values })),
      alert_rule_test: [
        {
          eval_time: each.at,
          alertname: each.alert,
          exp_alerts: each.fires.map((firing) => expected(alertOf(each), firing, runbooks)),
        },
      ],
    })),
  };
}

/** A case as a sentence. */
export function titleOf({ alert, when, fires }: AlertCase): string {
  return `${alert} ${fires.length > 0 ? "fires" : "is silent"} when ${when}`;
}

function alertOf({ alert: name }: AlertCase): Alert {
  const found = alerts.find((alert) => alert.name === name);
  if (found === undefined) throw new Error(`there is no alert ${name}`);
  return found;
}

function expected(alert: Alert, firing: Firing, runbooks: string) {
  return {
    exp_labels: { ...fixedLabels(alert), ...firing.labels },
    exp_annotations: {
      summary: rendered(alert.summary, firing),
      description: rendered(alert.description, firing),
      runbook_url: `${runbooks}/${runbookFile(alert)}`,
    },
  };
}

/** The text as Prometheus is to fill it in. A label that is not there would leave a hole in it. */
function rendered(template: string, { labels, value }: Firing): string {
  return template
    .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, name: string) => {
      const text = labels[name];
      if (text !== undefined || mayBeAbsent.has(name)) return text ?? "";
      throw new Error(`"${template}" speaks of ${name}, which the firing has not`);
    })
    .replaceAll(/\{\{ \$value \| \w+ \}\}/g, () => {
      if (value === undefined) throw new Error(`"${template}" speaks of a value`);
      return value;
    });
}
