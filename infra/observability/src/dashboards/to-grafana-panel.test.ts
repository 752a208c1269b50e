import { expect, test } from "vitest";
import type { Limits, Panel } from "./panel.ts";
import { toGrafanaPanel } from "./to-grafana-panel.ts";

function colorsOf(limits: Limits) {
  const panel: Panel = {
    title: "Regions that vote",
    description: "As the coordinators see it.",
    runbook: "HoldfastQuorumLost",
    kind: "number",
    unit: "none",
    queries: [{ expr: "up" }],
    limits,
  };
  const { fieldConfig } = toGrafanaPanel(panel, 1).build();
  return fieldConfig?.defaults?.thresholds?.steps.map(({ value, color }) => [value, color]);
}

test("a value turns yellow and then red as it rises, or as it falls where low values are bad", () => {
  expect(colorsOf({ warning: 1, critical: 5 })).toEqual([
    [null, "green"],
    [1, "yellow"],
    [5, "red"],
  ]);
  // Below 2 red, from 2 on yellow, from 3 on green.
  expect(colorsOf({ warning: 3, critical: 2, falling: true })).toEqual([
    [null, "red"],
    [2, "yellow"],
    [3, "green"],
  ]);
  expect(colorsOf({ critical: 1, falling: true })).toEqual([
    [null, "red"],
    [1, "green"],
  ]);
});
