import { type Package, packageOf, type Repository, resolveImport } from "../repository.ts";
import type { Rule } from "../rule.ts";
import type { Violation } from "../violation.ts";
import { isForTests } from "../zones.ts";

/** Keeps each package.json in step with what its package imports. */
export const declaredDependencies: Rule = {
  name: "declared-dependencies",
  says: "a package imports what its package.json declares, and declares what it imports",
  check(repository) {
    const used = new Map<string, Set<string>>();
    const undeclared: Violation[] = [];
    for (const { path, facts } of repository.modules.values()) {
      const owner = packageOf(repository, path);
      if (owner === undefined) continue;
      for (const { specifier, line } of facts.imports) {
        const name = importedPackage(repository, path, specifier, owner);
        if (name === undefined || name === owner.name) continue;
        used.set(owner.dir, (used.get(owner.dir) ?? new Set()).add(name));
        if (isDeclared(repository, owner, name, path)) continue;
        undeclared.push({
          path,
          line,
          wrong: `${name} is not a dependency of ${owner.name}`,
          wayOut: `declare it in ${manifestPath(owner)}, or do without`,
        });
      }
    }
    return [
      ...undeclared,
      ...repository.packages.flatMap((owner) => unused(repository, owner, used)),
    ];
  },
};

function importedPackage(
  repository: Repository,
  path: string,
  specifier: string,
  owner: Package,
): string | undefined {
  const target = resolveImport(repository, path, specifier);
  if (target.kind === "vendor") return target.name;
  if (target.kind !== "file" || specifier.startsWith(".")) return undefined;
  return target.owner?.name ?? owner.name;
}

function isDeclared(repository: Repository, owner: Package, name: string, path: string): boolean {
  const { dependencies = {}, devDependencies = {} } = owner.manifest;
  if (name in dependencies) return true;
  if (!isForTests(path) && owner.dir !== "") return false;
  // The test runner is declared once, at the root, for the tests of all packages.
  const root = repository.packages.find(({ dir }) => dir === "");
  return name in devDependencies || name in (root?.manifest.devDependencies ?? {});
}

function unused(
  repository: Repository,
  owner: Package,
  used: ReadonlyMap<string, ReadonlySet<string>>,
): Violation[] {
  // The root's development dependencies are command line tools that nothing imports.
  if (owner.dir === "") return [];
  const path = manifestPath(owner);
  const lines = (repository.files.get(path) ?? "").split("\n");
  const { dependencies = {}, devDependencies = {} } = owner.manifest;
  return [...Object.keys(dependencies), ...Object.keys(devDependencies)]
    .filter((name) => !name.startsWith("@types/") && !used.get(owner.dir)?.has(name))
    .map((name) => ({
      path,
      line: lines.findIndex((line) => line.includes(`"${name}":`)) + 1,
      wrong: `declares ${name}, which nothing in it imports`,
      wayOut: "take the line out",
    }));
}

function manifestPath(owner: Package): string {
  return owner.dir === "" ? "package.json" : `${owner.dir}/package.json`;
}
