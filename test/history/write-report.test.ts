import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { checkHistory } from "./check-history.ts";
import { coverageOf } from "./coverage.ts";
import { HandmadeHistory } from "./handmade-history.ts";
import { writeReport } from "./write-report.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-report-"));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("a report keeps the history, names what was wrong and narrows it down", () => {
  const history = new HandmadeHistory().asks("</script>", 0).gets("</script>", 2, 1);
  history.asks("c", 0, "exclusive", 0).hears("c", 1, "unknown");
  const { events } = history.asks("b", 3).gets("b", 4, 2);
  const verdict = checkHistory(events);
  const coverage = coverageOf(events, verdict.tenures, 0, 10_000);
  const report = { drill: "made-up", seed: 1, coverage, verdict, shortfalls: [] };
  const files = writeReport(folder, report, events);

  const json = JSON.parse(readFileSync(files.json, "utf8"));
  expect(json.violations.map(({ checker }: { checker: string }) => checker)).toContain("overlap");
  expect(json.minimal[0].tenures.map(({ op }: { op: string }) => op)).toEqual(["</script>", "b"]);
  expect(readFileSync(files.history, "utf8").trim().split("\n")).toHaveLength(events.length);
  // Text of the history must not end the page's script.
  expect(readFileSync(files.html, "utf8").split("</script>")).toHaveLength(3);
});
