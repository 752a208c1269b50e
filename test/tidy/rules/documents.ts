import { posix } from "node:path";
import type { Repository } from "../repository.ts";
import type { Rule } from "../rule.ts";
import type { Violation } from "../violation.ts";

/** Keeps the documents true where a machine can tell: links and commands. */
export const documents: Rule = {
  name: "documents",
  says: "links and `npm run` commands in documents lead somewhere",
  check(repository) {
    return [...repository.files]
      .filter(([path]) => path.endsWith(".md"))
      .flatMap(([path, text]) =>
        text
          .split("\n")
          .flatMap((line, index) => [
            ...brokenLinks(repository, path, line, index + 1),
            ...unknownScripts(repository, path, line, index + 1),
          ]),
      );
  },
};

function brokenLinks(
  repository: Repository,
  path: string,
  text: string,
  line: number,
): Violation[] {
  const targets = [...text.matchAll(/\]\(([^)\s#]+)(#[^)]*)?\)/g)].map((match) => match[1] ?? "");
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => posix.join(posix.dirname(path), target).replace(/\/$/, ""))
    .filter((target) => !exists(repository, target))
    .map((target) => ({
      path,
      line,
      wrong: `links to ${target}, which does not exist`,
      wayOut: "mend the link, or take the sentence out with what it describes",
    }));
}

function exists(repository: Repository, target: string): boolean {
  if (repository.files.has(target) || target === ".") return true;
  return [...repository.files.keys()].some((path) => path.startsWith(`${target}/`));
}

function unknownScripts(
  repository: Repository,
  path: string,
  text: string,
  line: number,
): Violation[] {
  const scripts = new Set(
    repository.packages.flatMap(({ manifest }) => Object.keys(manifest.scripts ?? {})),
  );
  return [...text.matchAll(/\bnpm run (?:-s )?([a-z][\w:-]*)/g)]
    .map((match) => match[1] ?? "")
    .filter((name) => !scripts.has(name))
    .map((name) => ({
      path,
      line,
      wrong: `npm run ${name} is no script`,
      wayOut: "describe only what exists: mend the name, or add the script to package.json",
    }));
}
