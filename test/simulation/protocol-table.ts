import { existsSync, readFileSync } from "node:fs";

const root = new URL("../../", import.meta.url);

/** One line of a table of `PROTOCOL.md`; files and mutants stand in backticks. */
export interface ProtocolRow {
  readonly invariant: string;
  readonly words: string;
  readonly kept: readonly string[];
  readonly watched: readonly string[];
  /** The build that is to break it. */
  readonly mutant: string;
}

/** The rows of invariants whose names begin with one of the letters. */
export function protocolRows(letters: string): ProtocolRow[] {
  return readFileSync(new URL("libs/core/PROTOCOL.md", root), "utf8")
    .split("\n")
    .filter((line) => new RegExp(`^\\| [${letters}]\\d+ \\|`).test(line))
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .map(([, invariant = "", words = "", kept = "", watched = "", mutant = ""]) => {
      const [name = ""] = namesIn(mutant);
      return { invariant, words, kept: namesIn(kept), watched: namesIn(watched), mutant: name };
    });
}

/** The text of a file in one of the folders; undefined where none has it. */
export function sourceIn(folders: readonly string[], file: string): string | undefined {
  const home = folders.find((folder) => existsSync(new URL(folder + file, root)));
  return home === undefined ? undefined : readFileSync(new URL(home + file, root), "utf8");
}

/** The invariants that a source reports by number. */
export function reportedIn(source: string): string[] {
  return [...source.matchAll(/fail\(\s*"([A-Z]\d+)"/g)].map(([, name = ""]) => name);
}

function namesIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
}
