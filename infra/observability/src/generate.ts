import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { artefacts, runbooksDefault } from "./artefacts.ts";

const USAGE = `Usage: node infra/observability/src/generate.ts [--check] [--runbooks URL] [--out FOLDER]

Writes the dashboards, the rules of Prometheus, two examples of scraping and the configuration of
Alertmanager.

  --check            write nothing; exit with 1 if a file is not what would be written
  --runbooks URL     where your people read docs/runbooks; else ${runbooksDefault}
  --out FOLDER       where to; else the folder infra of this repository`;

const EXIT_USAGE = 64;

process.exitCode = main(process.argv.slice(2));

function main(args: readonly string[]): number {
  let values: { check?: boolean; runbooks?: string; out?: string; help?: boolean };
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        check: { type: "boolean" },
        runbooks: { type: "string" },
        out: { type: "string" },
        help: { type: "boolean" },
      },
    }));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    return EXIT_USAGE;
  }
  if (values.help === true) {
    console.log(USAGE);
    return 0;
  }
  const runbooks = (values.runbooks ?? runbooksDefault).replace(/\/+$/, "");
  if (!URL.canParse(runbooks)) {
    console.error(`--runbooks takes an address, not "${values.runbooks}"\n\n${USAGE}`);
    return EXIT_USAGE;
  }
  const folder = resolve(values.out ?? join(import.meta.dirname, "../.."));
  return values.check === true ? check(folder, runbooks) : write(folder, runbooks);
}

function write(folder: string, runbooks: string): number {
  for (const [path, text] of artefacts(runbooks)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
    console.log(path);
  }
  return 0;
}

function check(folder: string, runbooks: string): number {
  const wanted = artefacts(runbooks);
  const stale = [...wanted].filter(([path, text]) => contentOf(join(folder, path)) !== text);
  for (const [path] of stale) console.error(`${path} is not what would be written`);
  const left = strangers(folder, new Set(wanted.keys()));
  for (const path of left) console.error(`${path} is written by nothing`);
  if (stale.length + left.length === 0) return 0;
  console.error("run: node infra/observability/src/generate.ts");
  return 1;
}

function contentOf(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

/** Files beside ours of the same kind: a dashboard whose source is gone would live on for ever. */
function strangers(folder: string, wanted: ReadonlySet<string>): string[] {
  return [...new Set([...wanted].map(dirname))]
    .filter((each) => existsSync(join(folder, each)))
    .flatMap((each) => readdirSync(join(folder, each)).map((name) => `${each}/${name}`))
    .filter((path) => /\.(json|yaml)$/.test(path) && !wanted.has(path));
}
