import { posix } from "node:path";
import type { Repository } from "../repository.ts";
import type { Rule } from "../rule.ts";
import type { Violation } from "../violation.ts";
import { isGenerated } from "../zones.ts";

const emptyWords = /^(utils?|common|helpers?|misc|shared|stuff)(\.|$)/;
const kebabCase = /^\.?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/;

/** Keeps the names of files and folders saying what is inside. */
export const bannedPaths: Rule = {
  name: "banned-paths",
  says: "files and folders are named in kebab-case for what they hold",
  check(repository: Repository) {
    const found = new Map<string, Violation>();
    for (const path of repository.files.keys()) {
      if (isGenerated(path)) continue;
      let parent = "";
      for (const part of path.split("/")) {
        const here = posix.join(parent, part);
        const objection = objectionTo(part, here === path && !isCode(path));
        if (objection !== undefined) found.set(here, { path: here, line: 0, ...objection });
        parent = here;
      }
    }
    return [...found.values()];
  },
};

function isCode(path: string): boolean {
  return /\.([cm]?[jt]s|json|sh)$/.test(path);
}

function objectionTo(part: string, nameIsFree: boolean) {
  if (emptyWords.test(part)) {
    return {
      wrong: `the name "${part}" says nothing`,
      wayOut: "name it for the noun it holds, or move each part to where it is used",
    };
  }
  if (nameIsFree || kebabCase.test(part)) return undefined;
  return {
    wrong: `"${part}" is not kebab-case`,
    wayOut: "rename it: lower case, words-with-dashes",
  };
}
