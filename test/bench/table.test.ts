import { expect, test } from "vitest";
import { globalBars, localBars } from "./bars.ts";
import { completed } from "./figures.ts";
import { printTable } from "./table.ts";

test("the table says what was reached, what fell short and what was skipped, with the reason", () => {
  const measured = {
    "local.share_of_ceiling": 0.7,
    "waiters.bytes_each": 5_000,
    "local.holdfast.pairs_per_s": 1234.5,
    "local.holdfast.in_flight": 1024,
    "skipped.redlock": "no redis-server",
  };
  const text = printTable(completed(measured, localBars), localBars);
  const line = (start: string): string =>
    text.split("\n").find((each) => each.startsWith(start)) ?? "";
  expect(line("local.share_of_ceiling")).toMatch(/0\.70 .*>= 0\.6 .*met$/);
  expect(line("waiters.bytes_each")).toMatch(/5000 .*<= 4096 .*short$/);
  expect(line("local.vs_redlock")).toMatch(/not measured .*-$/);
  expect(line("holdfast")).toMatch(/123\d .*1024/);
  expect(line("skipped redlock")).toContain("no redis-server");
});

test("a figure without a bar stands there with nothing to reach", () => {
  const text = printTable(completed({ "global.ops": 1_234 }, globalBars), globalBars);
  expect(text.split("\n").find((each) => each.startsWith("global.ops"))).toMatch(
    /1234 +- +- .*stated$/,
  );
});
