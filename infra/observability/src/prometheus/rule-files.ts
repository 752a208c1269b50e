import { type Alert, type AlertGroup, runbookFile } from "../alerts/alert.ts";
import { alertGroups } from "../alerts/alert-groups.ts";
import { recordingRules } from "./recording-rules.ts";

const evaluationInterval = "30s";

/** What Prometheus reads as a rule file. */
export interface RuleFile {
  readonly groups: readonly {
    readonly name: string;
    readonly interval: string;
    readonly rules: readonly object[];
  }[];
}

/** The series that dashboards and alerts read in place of long sums. */
export function recordingRuleFile(): RuleFile {
  const rules = recordingRules.map(({ record, expr }) => ({ record, expr }));
  return { groups: [{ name: "holdfast-recorded", interval: evaluationInterval, rules }] };
}

/** All alerts; their runbooks lie below the address `runbooks`. */
export function alertRuleFile(runbooks: string): RuleFile {
  return {
    groups: alertGroups.map(({ name, alerts }: AlertGroup) => ({
      name,
      interval: evaluationInterval,
      rules: alerts.map((alert) => alertRule(alert, runbooks)),
    })),
  };
}

/** The labels that every firing of an alert has besides those of its series. */
export function fixedLabels({ severity, tier, immediate }: Alert): Record<string, string> {
  return { severity, tier, ...(immediate && { urgency: "immediate" }) };
}

function alertRule(alert: Alert, runbooks: string) {
  const { name, expr, summary, description } = alert;
  return {
    alert: name,
    expr,
    for: alert.for,
    labels: fixedLabels(alert),
    annotations: { summary, description, runbook_url: `${runbooks}/${runbookFile(alert)}` },
  };
}
