import { posix } from "node:path";
import { type Repository, resolveImport } from "../repository.ts";
import type { Rule } from "../rule.ts";

/** Keeps every import leading to a file that is committed. */
export const resolvedImports: Rule = {
  name: "resolved-imports",
  says: "every import leads to a file of the repository, with its ending written out",
  check(repository) {
    return [...repository.modules.values()].flatMap(({ path, facts }) =>
      facts.imports.flatMap(({ specifier, line, kind }) => {
        const target = resolveImport(repository, path, specifier);
        if (target.kind !== "missing") return [];
        if (kind === "located" && isFolder(repository, path, specifier)) return [];
        const wrong = `"${specifier}" leads nowhere: ${target.why}`;
        return [{ path, line, wrong, wayOut: "write the whole path of the file, with .ts" }];
      }),
    );
  },
};

function isFolder(repository: Repository, from: string, specifier: string): boolean {
  const folder = posix.join(posix.dirname(from), specifier, "/");
  if (folder === "./") return true;
  return [...repository.files.keys()].some((path) => path.startsWith(folder));
}
