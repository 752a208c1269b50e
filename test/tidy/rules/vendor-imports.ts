import { packageOf, resolveImport } from "../repository.ts";
import type { Rule } from "../rule.ts";
import { testVendors, vendorHomes } from "../vendor-homes.ts";
import { isForTests } from "../zones.ts";

/** Keeps each vendor package behind its door. */
export const vendorImports: Rule = {
  name: "vendor-imports",
  says: "a vendor package is imported only where test/tidy/vendor-homes.ts lets it",
  check(repository) {
    return [...repository.modules.values()].flatMap(({ path, facts }) =>
      facts.imports.flatMap(({ specifier, line }) => {
        const target = resolveImport(repository, path, specifier);
        if (target.kind === "builtin") return builtinObjection(repository, path, specifier, line);
        if (target.kind !== "vendor") return [];
        if (testVendors.test(target.name) && (isForTests(path) || !path.includes("/"))) return [];
        const homes = vendorHomes.find(([vendor]) => vendor.test(target.name))?.[1];
        if (homes?.some((home) => path.startsWith(home))) return [];
        const wayOut =
          homes === undefined
            ? "do without it, or give it a home in test/tidy/vendor-homes.ts"
            : `use it behind ${homes.join(", ")} and let the service wire it`;
        return [{ path, line, wrong: `imports the vendor package ${target.name}`, wayOut }];
      }),
    );
  },
};

/** Folders of pure code: what they need of the machine is passed in. */
const pure = /^libs\/core$/;

function builtinObjection(
  repository: Parameters<Rule["check"]>[0],
  path: string,
  specifier: string,
  line: number,
) {
  const owner = packageOf(repository, path);
  if (owner === undefined || !pure.test(owner.dir) || isForTests(path)) return [];
  return [
    {
      path,
      line,
      wrong: `the core imports ${specifier}`,
      wayOut: "the core is pure: take what it needs as a parameter, or from libs/base",
    },
  ];
}
