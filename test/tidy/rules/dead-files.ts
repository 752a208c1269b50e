import { isAlive, reachability } from "../reachability.ts";
import { handWritten } from "../repository.ts";
import type { Rule } from "../rule.ts";

/** Keeps every file in use. */
export const deadFiles: Rule = {
  name: "dead-files",
  says: "every module is reached from an entry point, a module of the product not only by tests",
  check(repository) {
    const reach = reachability(repository);
    return handWritten(repository)
      .filter(({ path }) => !isAlive(path, reach))
      .map(({ path }) => ({
        path,
        line: 0,
        wrong: reach.byAny.has(path) ? "is imported by tests alone" : "is imported by nothing",
        wayOut: "delete it, use it, or (for tests) move it to a testing folder",
      }));
  },
};
