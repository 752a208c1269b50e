import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { namespaceOf, type Region, regions, releaseName } from "./installation.ts";

/** A command to be pasted, out of docs/operations.md. */
interface Block {
  readonly heading: string;
  readonly text: string;
}

/** What is in the place of a reader's own shell and files. */
export interface ReaderShell {
  /** The words that kubectl stands for. */
  readonly kubectl: readonly string[];
  readonly helm: readonly string[];
  /** `holdfast` towards a region's router. */
  readonly holdfast: (region: Region) => readonly string[];
}

/** The commands under a heading of docs/operations.md, without the indentation of a list. */
export function blocksUnder(text: string, heading: string): string[] {
  return blocksOf(text)
    .filter((block) => block.heading === heading)
    .map((block) => block.text);
}

function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let heading = "";
  for (const [, title, indent = "", body] of text.matchAll(
    /^#+ ([^\n]*)$|^( *)```sh\n(.*?)^ *```$/gms,
  )) {
    if (title !== undefined) heading = title;
    else
      blocks.push({ heading, text: (body ?? "").replaceAll(new RegExp(`^${indent}`, "gm"), "") });
  }
  return blocks;
}

/**
 * Lays out the folder in which a reader pastes: the chart, the values of each region, and what
 * differs between installations.
 */
export function layOutReader(repository: string, foundFile: string, folder: string): void {
  const values = join(folder, "helm/values");
  mkdirSync(values, { recursive: true });
  symlinkSync(join(repository, "helm/holdfast"), join(folder, "helm/holdfast"));
  const own = join(repository, "test/kubernetes/values");
  for (const region of regions) {
    writeFileSync(
      join(values, `${region}.yaml`),
      readFileSync(join(own, `${region}.yaml`), "utf8"),
    );
  }
  const small = parse(readFileSync(join(own, "small.yaml"), "utf8"));
  const found = JSON.parse(readFileSync(foundFile, "utf8"));
  writeFileSync(join(folder, "installation.yaml"), stringify(merged(small, found)));
}

/** A script that does what a reader does who pastes `blocks` for a region. */
export function readerScript(
  text: string,
  shell: ReaderShell,
  region: Region,
  blocks: readonly string[],
): string {
  const [functions = ""] = blocksUnder(text, "Operations");
  return [
    "set -euo pipefail",
    functions,
    `export REGION=${region} NAMESPACE=${namespaceOf(region)} RELEASE=${releaseName}`,
    `kubectl() { ${shell.kubectl.join(" ")} "$@"; }`,
    `helm() { ${shell.helm.join(" ")} "$@"; }`,
    `holdfast() { ${shell.holdfast(region).join(" ")} "$@"; }`,
    ...blocks,
  ].join("\n");
}

/** `over` wins. */
function merged(under: unknown, over: unknown): unknown {
  if (!isRecord(under) || !isRecord(over)) return over;
  const keys = new Set([...Object.keys(under), ...Object.keys(over)]);
  return Object.fromEntries(
    [...keys].map((key) => [key, key in over ? merged(under[key], over[key]) : under[key]]),
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
