import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { recordingRules } from "@holdfast/observability/prometheus/recording-rules";
import { expect, it } from "vitest";
import { foreignMetrics } from "./foreign-metrics.ts";
import { familyOf, metricsIn } from "./metric-names.ts";
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

it("finds the metrics of a query among its labels, durations and functions", () => {
  const expr =
    'sum by (region, le) (rate(holdfast_a_bucket{shard="up",region=~"$region"}[5m])) / ' +
    "on (region) group_left (x) (holdfast:b:rate5m offset 1h) > 0.8 or 1 - node_c unless up == 0";
  expect([...metricsIn(expr)]).toEqual(["holdfast_a_bucket", "holdfast:b:rate5m", "node_c", "up"]);
  expect(familyOf("holdfast_a_bucket")).toBe("holdfast_a");
});
