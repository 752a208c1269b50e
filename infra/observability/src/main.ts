import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { localTargets } from "./prometheus/local-targets.ts";

const USAGE = `Usage: node infra/observability/src/main.ts [DATA-DIR]

Tells Prometheus what a running npm start has: reads DATA-DIR/endpoints.json (.holdfast if nothing is
said) and writes DATA-DIR/metrics.json, which infra/prometheus/prometheus-local.yaml reads. Again
after each start: Prometheus takes the new file by itself.`;

const EXIT_USAGE = 64;

process.exitCode = main(process.argv.slice(2));

function main(args: readonly string[]): number {
  const [dataDir = join(import.meta.dirname, "../../../.holdfast"), ...more] = args;
  if (more.length > 0 || dataDir.startsWith("-")) {
    console.log(USAGE);
    return dataDir === "--help" ? 0 : EXIT_USAGE;
  }
  const endpoints = resolve(dataDir, "endpoints.json");
  let text: string;
  try {
    text = readFileSync(endpoints, "utf8");
  } catch {
    console.error(`${endpoints} cannot be read: is npm start running, with that data directory?`);
    return 1;
  }
  const file = join(dirname(endpoints), "metrics.json");
  // In one step: Prometheus may read it at any moment.
  writeFileSync(`${file}.draft`, `${JSON.stringify(localTargets(JSON.parse(text)), null, 2)}\n`);
  renameSync(`${file}.draft`, file);
  console.log(file);
  return 0;
}
