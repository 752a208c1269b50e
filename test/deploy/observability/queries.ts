import { alerts } from "@holdfast/observability/alerts/alert-groups";
import { dashboards } from "@holdfast/observability/dashboards/all-dashboards";
import { isLedgerPanel } from "@holdfast/observability/dashboards/panel";
import { recordingRules } from "@holdfast/observability/prometheus/recording-rules";

/** A question to Prometheus, and where it stands. */
export interface AskedQuery {
  readonly where: string;
  readonly expr: string;
}

/** Everything that panels ask of Prometheus. */
export const panelQueries: readonly AskedQuery[] = dashboards.flatMap(({ title, rows }) =>
  rows
    .flatMap(({ panels }) => panels)
    .flatMap((panel) =>
      isLedgerPanel(panel)
        ? []
        : panel.queries.map(({ expr }) => ({ where: `${title}: ${panel.title}`, expr })),
    ),
);

/** Those and what rules ask. */
export const allQueries: readonly AskedQuery[] = [
  ...panelQueries,
  ...alerts.map(({ name, expr }) => ({ where: name, expr })),
  ...recordingRules.map(({ record, expr }) => ({ where: record, expr })),
];
