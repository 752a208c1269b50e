import { entryPoints } from "../entry-points.ts";
import { isAlive, reachability } from "../reachability.ts";
import { handWritten, type Repository, resolveImport } from "../repository.ts";
import type { Rule } from "../rule.ts";
import { isForTests, mayServeTestsAlone } from "../zones.ts";

/** Keeps every exported name in use. */
export const deadExports: Rule = {
  name: "dead-exports",
  says: "every exported name is imported somewhere, or at least used in its own file",
  check(repository) {
    const reach = reachability(repository);
    const entries = new Set(entryPoints(repository));
    const users = usersByExport(repository);
    return handWritten(repository)
      .filter(({ path }) => !entries.has(path) && isAlive(path, reach))
      .flatMap(({ path, facts }) =>
        facts.exports.flatMap(({ name, line, usedInFile }) => {
          const importers = [
            ...(users.get(path)?.get(name) ?? []),
            ...(users.get(path)?.get("*") ?? []),
          ];
          if (usedInFile || importers.some((user) => mayServeTestsAlone(path) || !isForTests(user)))
            return [];
          const byTests = importers.length > 0;
          return [
            {
              path,
              line,
              wrong: `${name} is exported and ${byTests ? "only tests use it" : "nothing uses it"}`,
              wayOut: "delete it, or (for tests) move it to a testing folder",
            },
          ];
        }),
      );
  },
};

/** For each module, for each name taken from it, who takes it. */
function usersByExport(repository: Repository): Map<string, Map<string, string[]>> {
  const users = new Map<string, Map<string, string[]>>();
  for (const { path, facts } of repository.modules.values()) {
    for (const { specifier, names } of facts.imports) {
      const target = resolveImport(repository, path, specifier);
      if (target.kind !== "file") continue;
      const taken = users.get(target.path) ?? new Map<string, string[]>();
      users.set(target.path, taken);
      for (const name of names) taken.set(name, [...(taken.get(name) ?? []), path]);
    }
  }
  return users;
}
