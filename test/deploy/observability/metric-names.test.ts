import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { metricCatalogue } from "@holdfast/adapter-telemetry/metric-catalogue";
import { faultLabels } from "@holdfast/engine/metrics/outcome-label";
import { recordingRules } from "@holdfast/observability/prometheus/recording-rules";
import { faults } from "@holdfast/observability/prometheus/selectors";
import { expect, it } from "vitest";
import { foreignMetrics } from "./foreign-metrics.ts";
import { familyOf, groupedLabels, matchedLabels, metricsIn } from "./metric-names.ts";
import { allQueries } from "./queries.ts";

const root = resolve(import.meta.dirname, "../../..");

/** Every name that the product gives to an instrument. */
function ownMetrics(): Set<string> {
  const listed = execFileSync("git", ["ls-files", "libs", "services"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 16 * 1024 * 1024,
  });
  const sources = listed.split("\n").filter((path) => /\/src\/.*(?<!\.test)\.ts$/.test(path));
  const names = sources.flatMap((path) =>
    [...readFileSync(resolve(root, path), "utf8").matchAll(/"(holdfast(?:_[a-z0-9]+)+)"/g)].map(
      ([, name = ""]) => name,
    ),
  );
  return new Set(names.filter((name) => !notInstruments.has(name)));
}

/** Strings of that form that are something else. */
const notInstruments = new Set<string>([]);

const used = new Set(allQueries.flatMap(({ expr }) => [...metricsIn(expr)]));
const recorded = new Set(recordingRules.map(({ record }) => record));
const own = ownMetrics();

it("every metric of ours that a panel or a rule names is one that the code makes", () => {
  const named = [...used].filter((name) => name.startsWith("holdfast_")).map(familyOf);
  expect([...new Set(named)].filter((name) => !own.has(name))).toEqual([]);
});

it("every recorded series that is read is recorded, and every one that is recorded is read", () => {
  const read = [...used].filter((name) => name.startsWith("holdfast:"));
  expect(read.filter((name) => !recorded.has(name))).toEqual([]);
  expect([...recorded].filter((name) => !used.has(name))).toEqual([]);
});

it("every other metric is in the list of foreign ones, which has no more than these", () => {
  const foreign = Object.values(foreignMetrics).flat();
  const named = new Set([...used].filter((name) => !name.startsWith("holdfast")).map(familyOf));
  expect([...named].filter((name) => !foreign.includes(name))).toEqual([]);
  const inRunbooks = new Set(["etcd_mvcc_db_total_size_in_use_in_bytes"]);
  expect(foreign.filter((name) => !named.has(name) && !inRunbooks.has(name))).toEqual([]);
});

it("every metric that the code makes is drawn or watched", () => {
  const drawn = new Set([...used].map(familyOf));
  expect([...own].filter((name) => !drawn.has(name))).toEqual([]);
});

/** What the scrape gives to every series, and `le` of histograms. */
const targetLabels = ["region", "exported_region", "component", "instance", "le"];
const labelsOf = new Map(metricCatalogue().map(({ name, labels }) => [name, labels]));

it("no query asks one of our metrics for a label that it has not", () => {
  const unknown = allQueries.flatMap(({ where, expr }) =>
    matchedLabels(expr).flatMap(({ metric, labels }) => {
      const own = labelsOf.get(familyOf(metric));
      if (own === undefined) return [];
      const strangers = labels.filter((label) => ![...own, ...targetLabels].includes(label));
      return strangers.map((label) => `${where}: ${metric} has no ${label}`);
    }),
  );
  expect(unknown).toEqual([]);
});

it("no query sorts its answers by a label that none of its metrics has", () => {
  const unknown = allQueries.flatMap(({ where, expr }) => {
    const metrics = [...metricsIn(expr)].map(familyOf);
    if (!metrics.every((metric) => labelsOf.has(metric))) return [];
    const known = [...targetLabels, ...metrics.flatMap((metric) => labelsOf.get(metric) ?? [])];
    return groupedLabels(expr)
      .filter((label) => !known.includes(label))
      .map((label) => `${where}: ${label}`);
  });
  expect(unknown).toEqual([]);
});

it("what counts as a failure is what the code calls one", () => {
  expect(faults).toBe(`outcome=~"${[...faultLabels].join("|")}"`);
});

it("finds the metrics of a query among its labels, durations and functions", () => {
  const expr =
    'sum by (region, le) (rate(holdfast_a_bucket{shard="up",region=~"$region"}[5m])) / ' +
    "on (region) group_left (x) (holdfast:b:rate5m offset 1h) > 0.8 or 1 - node_c unless up == 0";
  expect([...metricsIn(expr)]).toEqual(["holdfast_a_bucket", "holdfast:b:rate5m", "node_c", "up"]);
  expect(familyOf("holdfast_a_bucket")).toBe("holdfast_a");
  expect(matchedLabels(expr)).toEqual([
    { metric: "holdfast_a_bucket", labels: ["shard", "region"] },
  ]);
  expect(groupedLabels(expr)).toEqual(["region", "le"]);
});
