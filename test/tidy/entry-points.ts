import { posix } from "node:path";
import type { Repository } from "./repository.ts";
import { isTestFile, matchesPath } from "./zones.ts";

/** Files that nothing imports because something outside the code starts or reads them. */
const startedFromOutside: readonly (readonly [pattern: string, startedBy: string])[] = [
  ["services/*/src/main.ts", "a service's process"],
  ["infra/*/src/main.ts", "a tool's process"],
  ["helm/holdfast/files/test/*.mjs", "the pod of helm test"],
  ["test/kubernetes/pod/main.ts", "a pod of the suite on Kubernetes"],
  ["**/*.d.ts", "read by the type checker"],
  ["*.config.ts", "read by the tool it configures"],
];

/** Where the way through the imports begins: paths of modules. */
export function entryPoints(repository: Repository): string[] {
  const named = new Set(repository.packages.flatMap((owner) => namedInManifest(owner)));
  return [...repository.modules.keys()].filter(
    (path) =>
      named.has(path) ||
      isTestFile(path) ||
      startedFromOutside.some(([pattern]) => matchesPath(path, pattern)),
  );
}

/**
 * Files that a package.json starts (`bin`, `scripts`) or offers by name (`exports` without `*`).
 */
function namedInManifest({ dir, manifest }: Repository["packages"][number]): string[] {
  const { bin = {}, scripts = {}, exports = {} } = manifest;
  const offered = Object.values(exports).filter(
    (target): target is string => typeof target === "string" && !target.includes("*"),
  );
  const started = Object.values(scripts).flatMap((script) =>
    script.split(/\s+/).filter((word) => /\.[cm]?[jt]s$/.test(word)),
  );
  const commands = typeof bin === "string" ? [bin] : Object.values(bin);
  return [...commands, ...offered, ...started].map((target) => posix.join(dir, target));
}
