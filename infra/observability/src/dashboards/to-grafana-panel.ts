import type { Builder, Dataquery } from "@grafana/grafana-foundation-sdk/cog";
import {
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import {
  DashboardLinkBuilder,
  type Panel as GrafanaPanel,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { PanelBuilder as HeatmapBuilder } from "@grafana/grafana-foundation-sdk/heatmap";
import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as StatesBuilder } from "@grafana/grafana-foundation-sdk/statetimeline";
import { PanelBuilder as TableBuilder } from "@grafana/grafana-foundation-sdk/table";
import { PanelBuilder as LinesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import { runbookFile } from "../alerts/alert.ts";
import { LedgerQueryBuilder } from "./ledger-query.ts";
import { isLedgerPanel, type LedgerPanel, type Limits, type Panel } from "./panel.ts";
import { ledgerSource, metricsSource, variable } from "./sources.ts";

const heights: Readonly<Record<(Panel | LedgerPanel)["kind"], number>> = {
  lines: 8,
  number: 4,
  heatmap: 8,
  table: 8,
  states: 8,
  "ledger-heatmap": 10,
  "ledger-table": 10,
};

/** What the panels of all kinds have in common. */
interface AnyBuilder extends Builder<GrafanaPanel> {
  id(id: number): this;
  title(title: string): this;
  description(description: string): this;
  datasource(source: { type: string; uid: string }): this;
  links(links: Builder<ReturnType<DashboardLinkBuilder["build"]>>[]): this;
  height(rows: number): this;
  span(columns: number): this;
  withTarget(target: Builder<Dataquery>): this;
  unit(unit: string): this;
}

/** In Grafana's words; `id` is unique in its dashboard. */
export function toGrafanaPanel(panel: Panel | LedgerPanel, id: number): Builder<GrafanaPanel> {
  const builder = isLedgerPanel(panel) ? ledgerPanel(panel) : metricsPanel(panel);
  const runbook = new DashboardLinkBuilder("Runbook")
    .url(`${variable("runbooks")}/${runbookFile({ name: panel.runbook })}`)
    .targetBlank(true);
  return builder
    .id(id)
    .title(panel.title)
    .description(panel.description)
    .datasource(isLedgerPanel(panel) ? ledgerSource : metricsSource)
    .links([runbook])
    .height(heights[panel.kind])
    .span(panel.width ?? (panel.kind === "number" ? 4 : 12));
}

function metricsPanel(panel: Panel): AnyBuilder {
  const builder = shapeOf(panel).unit(panel.unit);
  for (const [index, { expr, legend }] of panel.queries.entries()) {
    const query = new DataqueryBuilder()
      .refId(String.fromCharCode("A".charCodeAt(0) + index))
      .datasource(metricsSource)
      .expr(expr)
      .legendFormat(legend ?? "__auto");
    if (panel.kind === "table" || panel.kind === "number") query.instant();
    else query.range();
    if (panel.kind === "table") query.format(PromQueryFormat.Table);
    if (panel.kind === "heatmap") query.format(PromQueryFormat.Heatmap);
    // A point on a latency graph leads to the trace of one such operation.
    if (panel.unit === "s" && panel.kind === "lines") query.exemplar(true);
    builder.withTarget(query);
  }
  return builder;
}

function shapeOf({ kind, limits }: Panel): AnyBuilder {
  switch (kind) {
    case "lines":
      return withLimits(
        new LinesBuilder()
          .fillOpacity(10)
          .thresholdsStyle(thresholdsStyle(limits))
          .legend(
            new VizLegendOptionsBuilder()
              .displayMode(LegendDisplayMode.List)
              .placement(LegendPlacement.Bottom)
              .showLegend(true)
              .calcs([]),
          )
          .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi)),
        limits,
      );
    case "number":
      return withLimits(
        new StatBuilder().reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"])),
        limits,
      );
    case "heatmap":
      return new HeatmapBuilder().calculate(false);
    case "table":
      return new TableBuilder().showHeader(true);
    case "states":
      return withLimits(new StatesBuilder().mergeValues(true), limits);
  }
}

/** A graph shows where its limits are; Grafana would draw one at 80 where there are none. */
function thresholdsStyle(limits: Limits | undefined): GraphThresholdsStyleConfigBuilder {
  const { Dashed, Off } = GraphThresholdsStyleMode;
  return new GraphThresholdsStyleConfigBuilder().mode(limits === undefined ? Off : Dashed);
}

function withLimits<Shape extends { thresholds(config: ThresholdsConfigBuilder): Shape }>(
  builder: Shape,
  limits: Limits | undefined,
): Shape {
  if (limits === undefined) return builder;
  return builder.thresholds(
    new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(stepsOf(limits)),
  );
}

function stepsOf({ warning, critical, falling = false }: Limits): Threshold[] {
  const [below, above] = falling ? (["red", "green"] as const) : (["green", "red"] as const);
  const bounds = falling ? [critical, warning] : [warning, critical];
  const [first, second] = bounds.filter((bound) => bound !== undefined);
  const base = { value: null, color: below };
  if (first === undefined) return [base];
  if (second === undefined) return [base, { value: first, color: above }];
  return [base, { value: first, color: "yellow" }, { value: second, color: above }];
}

function ledgerPanel({ kind, sql }: LedgerPanel): AnyBuilder {
  const isHeatmap = kind === "ledger-heatmap";
  const query = new LedgerQueryBuilder(sql, isHeatmap ? "time_series" : "table");
  if (!isHeatmap) return new TableBuilder().showHeader(true).withTarget(query);
  // One row for each lock, one column for each stretch of time, of at least a minute.
  return new HeatmapBuilder().calculate(false).interval("1m").unit("short").withTarget(query);
}
