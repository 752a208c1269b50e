import { copyFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { namespaceOf, type Region, regions, releaseName } from "./installation.ts";
import { merged } from "./merged.ts";

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
 * differs between installations, `found` and the images among it.
 */
export function layOutReader(repository: string, found: object, folder: string): void {
  const values = join(folder, "helm/values");
  rmSync(join(folder, "helm"), { recursive: true, force: true });
  mkdirSync(values, { recursive: true });
  symlinkSync(join(repository, "helm/holdfast"), join(folder, "helm/holdfast"));
  const own = join(repository, "test/kubernetes/values");
  for (const region of regions) {
    copyFileSync(join(own, `${region}.yaml`), join(values, `${region}.yaml`));
  }
  const small = parse(readFileSync(join(own, "small.yaml"), "utf8"));
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
    // What lies in S3 is told by the snapshot's own log.
    "export SNAPSHOTS=snapshots",
    "aws() { :; }",
    `holdfast() { ${shell.holdfast(region).join(" ")} "$@"; }`,
    ...blocks,
  ].join("\n");
}
