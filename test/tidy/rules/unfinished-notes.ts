import { matchingLines } from "../matching-lines.ts";
import type { Rule } from "../rule.ts";

// Split, so that this file does not report itself.
const marks = ["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"].join("|");
const mark = new RegExp(`(?<![\\w.-])(${marks})(?![\\w-])`);

/** Keeps notes of unfinished work out of the repository. */
export const unfinishedNotes: Rule = {
  name: "unfinished-notes",
  says: "what is committed is finished",
  check: (repository) =>
    matchingLines(repository, mark, (match) => ({
      wrong: `${match} marks unfinished work`,
      wayOut: "do it now, or open an issue and describe there what is missing",
    })),
};
