import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** The repository's root folder. */
export const repositoryRoot = resolve(import.meta.dirname, "../..");

/** Names of the environment variables that may stand in a deployment. */
const settingPattern = /\b(?:HOLDFAST|AWS)_[A-Z0-9_]*[A-Z0-9]\b/g;

/** The names of all services: the folders of `services/`. */
export function serviceNames(): string[] {
  return readdirSync(join(repositoryRoot, "services")).sort();
}

/** The settings that the table of a service's README names. */
export function documentedSettings(service: string): Set<string> {
  const readme = readFileSync(join(repositoryRoot, "services", service, "README.md"), "utf8");
  const firstCells = readme.split("\n").map((line) => /^\| (`[^|]*) \|/.exec(line)?.[1] ?? "");
  return settingsIn(firstCells.join("\n"));
}

/** The settings that a service's own configuration reads. */
export function configuredSettings(service: string): Set<string> {
  const config = join(repositoryRoot, "services", service, "src/config.ts");
  return settingsIn(readFileSync(config, "utf8"));
}

/** What the parts that every process shares read, beside a service's own configuration. */
export function sharedSettings(): Set<string> {
  const texts = ["libs/runtime/src", "libs/adapters/telemetry/src"]
    .map((folder) => join(repositoryRoot, folder))
    .flatMap(sourcesOf)
    .map((file) => readFileSync(file, "utf8"));
  return settingsIn(texts.join("\n"));
}

function sourcesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => join(folder, name));
}

/** Every setting named in `text`. */
export function settingsIn(text: string): Set<string> {
  return new Set(text.match(settingPattern) ?? []);
}
