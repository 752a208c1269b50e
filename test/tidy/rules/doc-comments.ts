import { handWritten } from "../repository.ts";
import type { Rule } from "../rule.ts";
import { isTestFile } from "../zones.ts";

/** Keeps every exported name of the libraries explained. */
export const docComments: Rule = {
  name: "doc-comments",
  says: "every export of a library has a doc comment",
  check(repository) {
    return handWritten(repository)
      .filter(({ path }) => /^libs\/.*\/src\//.test(path) && !isTestFile(path))
      .flatMap(({ path, facts }) =>
        facts.exports
          .filter(({ hasDoc }) => !hasDoc)
          .map(({ name, line }) => ({
            path,
            line,
            wrong: `${name} is exported without a doc comment`,
            wayOut: "say in /** */ what it is: units, ranges, failures; or do not export it",
          })),
      );
  },
};
