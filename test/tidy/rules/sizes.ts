import { handWritten, type Module } from "../repository.ts";
import type { Rule } from "../rule.ts";
import type { Violation } from "../violation.ts";

/** The longest file, in lines. */
export const fileLinesMax = 500;
/** The longest function, in lines. */
export const functionLinesMax = 70;
/** The longest line of a comment, in columns; the formatter keeps the code to the same width. */
export const columnsMax = 100;

/** Keeps files and functions short enough to be read at once. */
export const sizes: Rule = {
  name: "sizes",
  says: `files of ${fileLinesMax}, functions of ${functionLinesMax} lines, ${columnsMax} columns`,
  check: (repository) => handWritten(repository).flatMap(tooLong),
};

function tooLong({ path, text, lineCount, facts }: Module): Violation[] {
  const found: Violation[] = [];
  if (lineCount > fileLinesMax) {
    const wrong = `${lineCount} lines in one file; ${fileLinesMax} is the limit`;
    found.push({ path, line: 0, wrong, wayOut: "split it by the nouns it holds" });
  }
  for (const span of facts.functions) {
    if (span.lineCount <= functionLinesMax || span.groupsTests) continue;
    const wrong = `${span.name}: ${span.lineCount} lines; ${functionLinesMax} is the limit`;
    found.push({ path, line: span.line, wrong, wayOut: "give its steps names: one function each" });
  }
  const lines = text.split("\n");
  for (const { line } of facts.comments) {
    const width = lines[line - 1]?.length ?? 0;
    // A web address cannot be broken.
    if (width <= columnsMax || /https?:\/\//.test(lines[line - 1] ?? "")) continue;
    found.push({ path, line, wrong: `a comment of ${width} columns`, wayOut: "wrap it at 100" });
  }
  return found;
}
