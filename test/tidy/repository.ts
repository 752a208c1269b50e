import { posix } from "node:path";
import { type ModuleFacts, moduleFacts } from "./module-facts.ts";
import { isGenerated, isModule } from "./zones.ts";

/** A source module with what its one parse showed. */
export interface Module {
  readonly path: string;
  readonly text: string;
  readonly lineCount: number;
  readonly facts: ModuleFacts;
}

/** The part of a package.json the rules read. */
export interface Manifest {
  readonly name?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly bin?: string | Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** A workspace: a folder with a package.json. */
export interface Package {
  /** Folder from the root of the repository, without a slash at its end; "" is the root itself. */
  readonly dir: string;
  readonly name: string;
  readonly manifest: Manifest;
}

/** All the committed text, as data: the rules are functions of this and of nothing else. */
export interface Repository {
  /** Text by path, with `/`, from the root. */
  readonly files: ReadonlyMap<string, string>;
  readonly modules: ReadonlyMap<string, Module>;
  readonly packages: readonly Package[];
}

/** Builds a {@link Repository} from texts by path. */
export function repositoryOf(texts: Readonly<Record<string, string>>): Repository {
  const files = new Map(Object.entries(texts));
  const modules = new Map<string, Module>();
  const packages: Package[] = [];
  for (const [path, text] of files) {
    if (isModule(path)) {
      const lineCount = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
      modules.set(path, { path, text, lineCount, facts: moduleFacts(path, text) });
    }
    if (posix.basename(path) === "package.json") {
      const manifest = JSON.parse(text) as Manifest;
      const dir = posix.dirname(path) === "." ? "" : posix.dirname(path);
      packages.push({ dir, name: manifest.name ?? "", manifest });
    }
  }
  // Longest folder first, so that the first match below is the innermost package.
  packages.sort((left, right) => right.dir.length - left.dir.length);
  return { files, modules, packages };
}

/** Modules written by hand, the only ones that the rules on style look at. */
export function handWritten(repository: Repository): Module[] {
  return [...repository.modules.values()].filter(({ path }) => !isGenerated(path));
}

/** The package a file belongs to. */
export function packageOf(repository: Repository, path: string): Package | undefined {
  return repository.packages.find(({ dir }) => dir === "" || path.startsWith(`${dir}/`));
}

/** What an import leads to. */
export type Target =
  | { readonly kind: "file"; readonly path: string; readonly owner: Package | undefined }
  | { readonly kind: "vendor"; readonly name: string }
  | { readonly kind: "builtin" }
  | { readonly kind: "missing"; readonly why: string };

/** Follows `specifier` as written in the file `from`. */
export function resolveImport(repository: Repository, from: string, specifier: string): Target {
  if (specifier.startsWith("node:")) return { kind: "builtin" };
  if (specifier.startsWith(".")) {
    return fileTarget(repository, posix.join(posix.dirname(from), specifier));
  }
  if (specifier.startsWith("/")) return { kind: "missing", why: "it is an absolute path" };
  const [scope = "", rest = ""] = specifier.split("/", 2);
  const name = specifier.startsWith("@") ? `${scope}/${rest}` : scope;
  const own = repository.packages.find((candidate) => candidate.name === name);
  if (own === undefined) return { kind: "vendor", name };
  const subpath = `.${specifier.slice(name.length)}`;
  const exported = exportedPath(own.manifest.exports ?? {}, subpath);
  if (exported !== undefined) return fileTarget(repository, posix.join(own.dir, exported));
  return { kind: "missing", why: `${name} exports nothing as "${subpath}"` };
}

function fileTarget(repository: Repository, path: string): Target {
  if (!repository.files.has(path)) return { kind: "missing", why: `there is no ${path}` };
  return { kind: "file", path, owner: packageOf(repository, path) };
}

function exportedPath(
  exported: Readonly<Record<string, unknown>>,
  subpath: string,
): string | undefined {
  const exact = exported[subpath];
  if (typeof exact === "string") return exact;
  for (const [pattern, target] of Object.entries(exported)) {
    const [before, after] = pattern.split("*");
    if (after === undefined || typeof target !== "string") continue;
    if (!subpath.startsWith(before ?? "") || !subpath.endsWith(after)) continue;
    const starred = subpath.slice((before ?? "").length, subpath.length - after.length);
    return target.replaceAll("*", starred);
  }
  return undefined;
}
