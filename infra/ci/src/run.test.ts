import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { runSuites } from "./run.ts";
import type { Suite } from "./suite.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-run-"));
afterAll(() => rmSync(folder, { recursive: true }));

const check = { kind: "check", timeoutMs: 20_000, tools: [] } as const;

async function run(suites: readonly Suite[], scripts: Record<string, string>) {
  const said: string[] = [];
  const outcomes = await runSuites(suites, {
    root: folder,
    scripts,
    resultsDir: folder,
    toolsFile: join(folder, "tools.json"),
    signal: new AbortController().signal,
    isTerminal: false,
    say: (from, line) => said.push(`${from}: ${line.replace(/, [\d.]+ s$/, "")}`),
  });
  return { said, outcomes: outcomes.map(({ suite, passed }) => [suite, passed]) };
}

test("suites run one after the other", async () => {
  const { said, outcomes } = await run(
    [
      { ...check, name: "first" },
      { ...check, name: "second" },
    ],
    { first: "sleep 0.1; echo one", second: "echo two" },
  );
  expect(said.filter((line) => /one|two/.test(line))).toEqual(["first: one", "second: two"]);
  expect(outcomes).toEqual([
    ["first", 1],
    ["second", 1],
  ]);
});

test("one that runs beside the others holds none up, yields to them, and is waited for", async () => {
  const awaitOther = "until test -e over; do sleep 0.05; done; nice";
  const { said, outcomes } = await run(
    [
      { ...check, name: "beside", runsBeside: true },
      { ...check, name: "second" },
    ],
    { beside: awaitOther, second: "touch over" },
  );
  expect(said.indexOf("second: 1 passed, 0 failed, 0 skipped")).toBeLessThan(
    said.indexOf("beside: 1 passed, 0 failed, 0 skipped"),
  );
  expect(said).toContainEqual(expect.stringMatching(/^beside: 19$/));
  expect(outcomes).toEqual([
    ["beside", 1],
    ["second", 1],
  ]);
});
