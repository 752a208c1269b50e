import { entryPoints } from "./entry-points.ts";
import { type Repository, resolveImport } from "./repository.ts";
import { isForTests, mayServeTestsAlone } from "./zones.ts";

/** Which modules are in use. */
export interface Reachability {
  /** Reached from an entry point of the product without passing through code for tests. */
  readonly byProduct: ReadonlySet<string>;
  /** Reached from any entry point. */
  readonly byAny: ReadonlySet<string>;
}

/** Follows the imports from all entry points. */
export function reachability(repository: Repository): Reachability {
  const entries = entryPoints(repository);
  return {
    byProduct: reached(
      repository,
      entries.filter((path) => !isForTests(path)),
      (path) => !isForTests(path),
    ),
    byAny: reached(repository, entries, () => true),
  };
}

/** Is `path` in use by what may use it? Product code must be used by the product itself. */
export function isAlive(path: string, { byProduct, byAny }: Reachability): boolean {
  return mayServeTestsAlone(path) ? byAny.has(path) : byProduct.has(path);
}

function reached(
  repository: Repository,
  entries: readonly string[],
  follow: (path: string) => boolean,
): Set<string> {
  const seen = new Set(entries);
  const pending = [...entries];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    for (const { specifier } of repository.modules.get(path)?.facts.imports ?? []) {
      const target = resolveImport(repository, path, specifier);
      if (target.kind !== "file" || seen.has(target.path) || !follow(target.path)) continue;
      seen.add(target.path);
      pending.push(target.path);
    }
  }
  return seen;
}
