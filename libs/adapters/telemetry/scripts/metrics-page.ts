import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { metricCatalogue } from "../src/metric-catalogue.ts";
import { metricPage } from "../src/metric-page.ts";

// Turns what the services count with into docs/metrics.md; a unit test finds where the two drift.

const page = join(import.meta.dirname, "../../../../docs/metrics.md");
writeFileSync(page, metricPage(metricCatalogue()));
