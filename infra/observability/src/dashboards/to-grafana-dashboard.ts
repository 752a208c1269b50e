import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import {
  ConstantVariableBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  type Dashboard as GrafanaDashboard,
  QueryVariableBuilder,
  RowBuilder,
  type VariableModel,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { type Dashboard, isLedgerPanel } from "./panel.ts";
import { metricsSource, postgresType, prometheusType } from "./sources.ts";
import { toGrafanaPanel } from "./to-grafana-panel.ts";

const tag = "holdfast";

/** A dashboard as Grafana imports it; runbooks lie below the address `runbooks`. */
export function toGrafanaDashboard(dashboard: Dashboard, runbooks: string): GrafanaDashboard {
  const builder = new DashboardBuilder(dashboard.title)
    .uid(dashboard.uid)
    .description(dashboard.description)
    .tags([tag])
    .refresh("30s")
    .time({ from: "now-3h", to: "now" })
    .timezone("utc")
    .tooltip(DashboardCursorSync.Crosshair)
    .link(
      new DashboardLinkBuilder("Holdfast")
        .type(DashboardLinkType.Dashboards)
        .tags([tag])
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true),
    );
  for (const each of variables(dashboard, runbooks)) builder.withVariable(each);
  let id = 0;
  for (const { title, panels } of dashboard.rows) {
    id += 1;
    builder.withRow(new RowBuilder(title).id(id));
    for (const panel of panels) {
      id += 1;
      builder.withPanel(toGrafanaPanel(panel, id));
    }
  }
  return builder.build();
}

function variables({ rows }: Dashboard, runbooks: string): Builder<VariableModel>[] {
  const asksLedger = rows.some(({ panels }) => panels.some(isLedgerPanel));
  return [
    new DatasourceVariableBuilder("datasource").label("Metrics").type(prometheusType),
    ...(asksLedger
      ? [new DatasourceVariableBuilder("ledger").label("Ledger").type(postgresType)]
      : []),
    choice("region", "Region", "label_values(holdfast_build_info, region)"),
    choice("shard", "Shard", 'label_values(holdfast_shard_usable{region=~"$region"}, shard)'),
    new ConstantVariableBuilder("runbooks").value(runbooks),
  ];
}

function choice(name: string, label: string, query: string): QueryVariableBuilder {
  return (
    new QueryVariableBuilder(name)
      .label(label)
      .datasource(metricsSource)
      .query({ query, refId: name })
      .definition(query)
      .refresh(VariableRefresh.OnTimeRangeChanged)
      .sort(VariableSort.AlphabeticalAsc)
      .multi(true)
      .includeAll(true)
      // Matches series without the label too: a service that knows no shards, say.
      .allValue(".*")
      .current({ selected: true, text: "All", value: "$__all" })
  );
}
