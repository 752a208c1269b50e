import { matchingLines } from "../matching-lines.ts";
import type { Rule } from "../rule.ts";

/**
 * Folders that exist on one machine only. Not after a word or a dot, where `/work/` is a part of a
 * longer path or of a web address.
 */
const machinePath = new RegExp(
  [
    "(?<![\\w.*/-])/(home|root|Users|work|workspaces?)/[\\w.-]+",
    "(?<!\\w)[A-Z]:\\\\{1,2}Users\\b",
    "(?<!\\w)file:///\\w+",
  ].join("|"),
);

/** Keeps the paths of one person's machine out of the repository. */
export const machinePaths: Rule = {
  name: "machine-paths",
  says: "no absolute path of a machine is committed",
  check: (repository) =>
    matchingLines(repository, machinePath, (match) => ({
      wrong: `${match} exists on one machine only`,
      wayOut: "use a path relative to the file, the home folder's variable, or a setting",
    })),
};
