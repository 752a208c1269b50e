import { handWritten } from "../repository.ts";
import type { Rule } from "../rule.ts";

const waysOut: Readonly<Record<string, string>> = {
  "export *": "export the names one by one, so that a reader can find where each comes from",
  enum: 'Node cannot strip it: write a union of literals (type Color = "red" | "green")',
  namespace: "Node cannot strip it: a module is the namespace",
  "parameter property": "Node cannot strip it: declare the field and assign it",
};

/** Keeps the code to the part of TypeScript that Node runs, and its names findable. */
export const bannedSyntax: Rule = {
  name: "banned-syntax",
  says: "types are erasable, and nothing is exported by a star",
  check(repository) {
    return handWritten(repository).flatMap(({ path, facts }) => [
      ...facts.errors.map(({ what, line }) => ({
        path,
        line,
        wrong: `cannot be parsed: ${what}`,
        wayOut: "mend the syntax",
      })),
      ...facts.oddities.map(({ what, line }) => ({
        path,
        line,
        wrong: what,
        wayOut: waysOut[what] ?? "write it another way",
      })),
    ]);
  },
};
