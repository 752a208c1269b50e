import { repositoryOf } from "./repository.ts";
import type { Rule } from "./rule.ts";

/** A package.json of a planted repository. */
export function manifest(name: string, dependencies: readonly string[] = [], more: object = {}) {
  const declared = Object.fromEntries(dependencies.map((dependency) => [dependency, "*"]));
  const exports = { "./*": "./src/*.ts" };
  return JSON.stringify({ name, exports, dependencies: declared, ...more }, null, 2);
}

/** What `rule` finds in a repository of these texts, as `path:line wrong`. */
export function found(rule: Rule, texts: Readonly<Record<string, string>>): string[] {
  return rule.check(repositoryOf(texts)).map(({ path, line, wrong }) => `${path}:${line} ${wrong}`);
}
