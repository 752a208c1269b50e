import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const folder = resolve(import.meta.dirname, "../../../docs/runbooks");

/** A line of a runbook that is made to be pasted. */
export interface RunbookCommand {
  readonly runbook: string;
  readonly command: string;
  /** It changes something that cannot be taken back, and has a word to be replaced first. */
  readonly byHand: boolean;
}

/** The runbooks' texts by file name, the list of them left out. */
export function runbooks(): ReadonlyMap<string, string> {
  const names = readdirSync(folder).filter((name) => name.endsWith(".md") && name !== "README.md");
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

/** Every command in a fenced block. */
export function commandsIn(runbook: string, text: string): RunbookCommand[] {
  return [...text.matchAll(/^ *```sh( by-hand)?\n([\s\S]*?)\n *```$/gm)].flatMap(
    ([, byHand, block = ""]) =>
      block
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== "" && !line.startsWith("#"))
        .map((command) => ({ runbook, command, byHand: byHand !== undefined })),
  );
}
