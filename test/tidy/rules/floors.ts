import { objection } from "../floor-plan.ts";
import { packageOf, resolveImport } from "../repository.ts";
import type { Rule } from "../rule.ts";
import { isTestFile } from "../zones.ts";

/** Keeps every import between packages pointing downwards. */
export const floors: Rule = {
  name: "floors",
  says: "a package imports lower floors only",
  check(repository) {
    return [...repository.modules.values()].flatMap(({ path, facts }) => {
      const from = packageOf(repository, path);
      return facts.imports.flatMap(({ specifier, line }) => {
        const target = resolveImport(repository, path, specifier);
        if (target.kind !== "file" || from === undefined || target.owner === undefined) return [];
        const found = objection(from.dir, target.owner.dir);
        if (found !== undefined) return [{ path, line, ...found }];
        const borrowed = target.owner.dir !== from.dir && specifier.startsWith(".");
        if (borrowed && !isRootTool(from.dir)) {
          const wrong = `reaches into ${target.owner.name} by a relative path`;
          return [{ path, line, wrong, wayOut: `import it as "${target.owner.name}/…"` }];
        }
        if (isTestFile(target.path)) {
          const wrong = `imports the test file ${target.path}`;
          return [{ path, line, wrong, wayOut: "move what both need into a file of its own" }];
        }
        return [];
      });
    });
  },
};

function isRootTool(dir: string): boolean {
  return dir === "";
}
