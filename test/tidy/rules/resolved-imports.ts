import { resolveImport } from "../repository.ts";
import type { Rule } from "../rule.ts";
import { isTypeScript } from "../zones.ts";

/** Keeps every import leading to a file that is committed. */
export const resolvedImports: Rule = {
  name: "resolved-imports",
  says: "every import leads to a file of the repository, with its ending written out",
  check(repository) {
    return [...repository.modules.values()].flatMap(({ path, facts }) =>
      facts.imports.flatMap(({ specifier, line, kind }) => {
        const target = resolveImport(repository, path, specifier);
        if (target.kind !== "missing") return [];
        // Folders, data and what a build makes are located too; git need not know them.
        if (kind === "located" && !isTypeScript(specifier)) return [];
        const wrong = `"${specifier}" leads nowhere: ${target.why}`;
        return [{ path, line, wrong, wayOut: "write the whole path of the file, with .ts" }];
      }),
    );
  },
};
