import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { chartFiles, generatedFolders } from "./chart-files.ts";

// Writes what of the chart follows from other files. `--check` changes nothing and fails if the
// committed chart has drifted away from them.

const root = resolve(import.meta.dirname, "../../..");
const chart = join(root, "helm/holdfast");
const wanted = chartFiles(root);

/** Generated files that nothing generates any more. */
const stale = generatedFolders
  .filter((folder) => existsSync(join(chart, folder)))
  .flatMap((folder) => readdirSync(join(chart, folder)).map((name) => `${folder}/${name}`))
  .filter((path) => !wanted.has(path));

if (process.argv.includes("--check")) {
  const different = [...wanted].filter(([path, text]) => textOf(path) !== text);
  for (const path of [...different.map(([each]) => each), ...stale]) {
    console.error(`helm/holdfast/${path} is not what is generated.`);
    process.exitCode = 1;
  }
  if (process.exitCode === 1) console.error("Run `node infra/helm/src/generate.ts`, and commit.");
} else {
  for (const path of stale) rmSync(join(chart, path));
  for (const [path, text] of wanted) {
    mkdirSync(dirname(join(chart, path)), { recursive: true });
    writeFileSync(join(chart, path), text);
  }
}

function textOf(path: string): string | undefined {
  const file = join(chart, path);
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}
