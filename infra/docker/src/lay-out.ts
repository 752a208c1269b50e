import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { dirname, join, posix, relative } from "node:path";
import { keepCompiled } from "./compile-cache.ts";
import { appFolder, type Image, programsFolder } from "./image.ts";
import { type Lock, productionPackages } from "./production-packages.ts";

/** Where the parts of a root filesystem come from. */
export interface Sources {
  /** The repository, its dependencies installed. */
  readonly repository: string;
  /** Where the programs of the image are, Node among them; those that are absent are left out. */
  readonly programs: Readonly<Record<string, string>>;
}

/** Nothing that runs reads these. */
const needless = /\.(d\.[cm]?ts|map|md|markdown|flow|test\.ts)$|(^|\/)(testing|\.github|\.bin)$/i;
/** Of our own packages: what contributors use. */
const ownNeedless = /^(scripts|dist|node_modules)$/;
/** Packages for the type checker alone. */
const typesOnly = /(^|\/)node_modules\/(@types\/|undici-types$)/;

/**
 * Lays out what `image` adds to its base below `root`: Node, the sources and the production
 * dependencies, readable by everybody. The same is done where Docker builds and where it does not.
 */
export function layOut(image: Image, sources: Sources, root: string): void {
  const { repository, programs } = sources;
  const app = join(root, appFolder);
  makeFolder(app);
  layOutWorkspace(image.workspace, repository, app);
  copyFileSync(join(repository, "LICENSE"), join(app, "LICENSE"));
  keepCompiled(image, app);
  for (const [name, path] of Object.entries(programs)) {
    if (image.programs.some((each) => each === name)) {
      copyProgram(path, join(root, programsFolder, name));
    }
  }
}

function layOutWorkspace(folder: string, repository: string, app: string): void {
  const { workspaces, vendors, optional } = productionPackages(lockOf(repository), folder);
  for (const workspace of workspaces) {
    const skips = (path: string) => needless.test(path) || ownNeedless.test(path);
    copyTree(join(repository, workspace), join(app, workspace), skips);
    const { name } = manifestOf(repository, workspace);
    const link = join(app, "node_modules", name);
    makeFolder(dirname(link));
    symlinkSync(relative(dirname(link), join(app, workspace)), link);
  }
  for (const vendor of vendors.filter((folder) => !typesOnly.test(folder))) {
    const from = join(repository, vendor);
    if (existsSync(from)) {
      // What lies in its own node_modules is in the list by itself, or is not needed.
      const skips = (path: string) => needless.test(path) || path === "node_modules";
      copyTree(realpathSync(from), join(app, vendor), skips);
    } else if (!optional.has(vendor)) {
      throw new Error(`${vendor} is not installed: run npm install first`);
    }
  }
}

/** All that npm needs to install: so that Docker installs anew only when one of these changes. */
export function layOutManifests(repository: string, target: string): void {
  const manifests = workspacesOf(repository).map((folder) => posix.join(folder, "package.json"));
  for (const path of ["package.json", "package-lock.json", ...manifests]) {
    makeFolder(dirname(join(target, path)));
    copyFileSync(join(repository, path), join(target, path));
  }
}

/** Copies a program that anybody may run. */
export function copyProgram(from: string, to: string): void {
  makeFolder(dirname(to));
  copyFileSync(realpathSync(from), to);
  chmodSync(to, 0o755);
}

function manifestOf(repository: string, workspace: string) {
  return JSON.parse(readFileSync(join(repository, workspace, "package.json"), "utf8"));
}

/** Its copies of our own manifests are as old as the last npm install: they are read anew. */
function lockOf(repository: string): Lock {
  const { packages } = JSON.parse(readFileSync(join(repository, "package-lock.json"), "utf8"));
  const own = workspacesOf(repository).map((folder) => [folder, manifestOf(repository, folder)]);
  return { packages: { ...packages, ...Object.fromEntries(own) } };
}

function workspacesOf(repository: string): string[] {
  const patterns: readonly string[] = manifestOf(repository, "").workspaces;
  const folders = patterns.flatMap((pattern) => {
    if (!pattern.endsWith("/*")) return [pattern];
    const parent = pattern.slice(0, -2);
    return readdirSync(join(repository, parent)).map((name) => posix.join(parent, name));
  });
  return folders.filter((folder) => existsSync(join(repository, folder, "package.json")));
}

function copyTree(from: string, to: string, skips: (path: string) => boolean, path = ""): void {
  makeFolder(join(to, path));
  for (const entry of readdirSync(join(from, path), { withFileTypes: true })) {
    const inner = posix.join(path, entry.name);
    if (skips(inner)) continue;
    if (entry.isDirectory()) copyTree(from, to, skips, inner);
    else if (entry.isFile()) {
      copyFileSync(join(from, inner), join(to, inner));
      const isReadable = (statSync(join(to, inner)).mode & 0o044) === 0o044;
      if (!isReadable) chmodSync(join(to, inner), 0o644);
    }
  }
}

/** Whatever the mask of who builds is. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path);
  chmodSync(path, 0o755);
}
