import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { optionsFrom, usage } from "./options.ts";
import { totals } from "./outcome.ts";
import { runSuites } from "./run.ts";
import { type Suite, suites } from "./suite.ts";
import { summaryText } from "./summary.ts";

const exitUsage = 64;
const exitInterrupted = 130;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const options = optionsFrom(args);
  if (options.kind === "run") return run(options.suites);
  console.log(options.kind === "help" ? usage : `${options.why}\n\n${usage}`);
  return options.kind === "help" ? 0 : exitUsage;
}

async function run(chosen: readonly Suite[]): Promise<number> {
  const startedMs = performance.now();
  const root = resolve(import.meta.dirname, "../../..");
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  // Not inside the repository: two runs of one checkout must not read each other's reports.
  const resultsDir = mkdtempSync(join(tmpdir(), "holdfast-test-"));
  process.once("exit", () => rmSync(resultsDir, { recursive: true, force: true }));
  const interrupted = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => interrupted.abort());
  }
  const width = Math.max(...suites.map(({ name }) => name.length));
  const outcomes = await runSuites(chosen, {
    root,
    scripts,
    resultsDir,
    toolsFile: join(resultsDir, "tools.json"),
    signal: interrupted.signal,
    isTerminal: process.stdout.isTTY,
    say: (from, line) => console.log(`${from.padEnd(width)} | ${line}`.trimEnd()),
  });
  console.log(`\n${summaryText(outcomes, performance.now() - startedMs)}`);
  if (interrupted.signal.aborted) return exitInterrupted;
  return totals(outcomes).failed > 0 ? 1 : 0;
}
