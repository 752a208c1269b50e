import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { metricCatalogue } from "./metric-catalogue.ts";
import { metricPage } from "./metric-page.ts";

const catalogue = metricCatalogue();

test("the page of metrics is what the services count with", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../../docs/metrics.md"), "utf8");
  expect(page, "run npm run metrics -w libs/adapters/telemetry").toBe(metricPage(catalogue));
});

test("no label is one that a client could fill with a text of its own", () => {
  const labels = new Set(catalogue.flatMap((metric) => metric.labels));
  for (const label of ["lock", "name", "namespace", "session", "owner"]) {
    expect(labels).not.toContain(label);
  }
});
