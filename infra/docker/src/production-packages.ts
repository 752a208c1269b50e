import { posix } from "node:path";

/** What `package-lock.json` says of one package. */
interface LockedPackage {
  readonly link?: boolean;
  /** Of a link: the folder of the workspace. */
  readonly resolved?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** The part of a `package-lock.json` that counts here. */
export interface Lock {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

/** Everything one workspace needs at run time; paths in the repository, sorted. */
export interface ProductionPackages {
  /** It and the workspaces it needs. */
  readonly workspaces: readonly string[];
  /** Folders of packages from the registry. */
  readonly vendors: readonly string[];
  /** Of those, the ones that a machine may lack. */
  readonly optional: ReadonlySet<string>;
}

/**
 * Follows the dependencies of a workspace as Node looks them up: in the `node_modules` of its own
 * folder, then in those above. Throws where the lock file has no answer.
 */
export function productionPackages(lock: Lock, workspace: string): ProductionPackages {
  const workspaces = new Set<string>();
  const vendors = new Set<string>();
  const needed = new Set<string>();
  const visit = (folder: string, isNeeded: boolean): void => {
    const known = workspaces.has(folder) || vendors.has(folder);
    if (known && (!isNeeded || needed.has(folder))) return;
    const found = lock.packages[folder];
    if (found === undefined) throw new Error(`package-lock.json has no ${folder}`);
    if (folder.includes("node_modules/")) vendors.add(folder);
    else workspaces.add(folder);
    if (isNeeded) needed.add(folder);
    for (const [name, isOptional] of dependenciesOf(found)) {
      const place = lookUp(lock, folder, name);
      if (place !== undefined) visit(place, isNeeded && !isOptional);
      else if (!isOptional) throw new Error(`package-lock.json has no ${name} for ${folder}`);
    }
  };
  visit(workspace, true);
  return {
    workspaces: [...workspaces].sort(),
    vendors: [...vendors].sort(),
    optional: new Set([...vendors].filter((folder) => !needed.has(folder))),
  };
}

function dependenciesOf(found: LockedPackage): Map<string, boolean> {
  const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } = found;
  const names = new Map<string, boolean>();
  for (const name of Object.keys(peerDependencies ?? {})) {
    // One that is optional and there all the same is somebody else's.
    if (peerDependenciesMeta?.[name]?.optional !== true) names.set(name, false);
  }
  for (const name of Object.keys(dependencies ?? {})) names.set(name, false);
  for (const name of Object.keys(optionalDependencies ?? {})) names.set(name, true);
  return names;
}

function lookUp(lock: Lock, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = posix.dirname(folder)) {
    const place = posix.join(folder, "node_modules", name);
    const found = lock.packages[place];
    if (found !== undefined) return found.link === true ? found.resolved : place;
    if (folder === ".") return undefined;
  }
}
