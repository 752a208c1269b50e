import { chmod, mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import type { MakeContext, MakeResult, Maker } from "./recipe.ts";
import { type CommandResult, runCommand } from "./run-command.ts";

const APT_TIMEOUT_MS = 300_000;

/** A program in a Debian package. */
export interface AptProgram {
  readonly package: string;
  /** Path of the executable inside the package, without the leading slash. */
  readonly path: string;
  /** Name of the starter script written at the top of the cache entry. */
  readonly name: string;
}

/**
 * Downloads the Debian packages of these programs and those of their dependencies this machine
 * lacks, and unpacks them into the cache. Nothing is installed: no service is registered, no file
 * of the system changes.
 */
export function aptExtract(...programs: readonly AptProgram[]): Maker {
  return { source: "built", make: (context) => extract(programs, context) };
}

async function extract(programs: readonly AptProgram[], context: MakeContext): Promise<MakeResult> {
  const packages = [...new Set(programs.map((program) => program.package))];
  const named = packages.join(" and ");
  const run = (file: string, args: readonly string[]): Promise<CommandResult> =>
    runCommand(file, args, {
      env: { ...context.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" },
      signal: context.signal,
      timeoutMs: APT_TIMEOUT_MS,
    });
  if ((await run("apt-get", ["--version"])).kind === "failed") {
    return { kind: "not-possible", why: "this machine has no apt" };
  }
  const archives = join(context.folder, "archives");
  await mkdir(join(archives, "partial"), { recursive: true });
  const download = [
    ...["install", "-y", "--no-install-recommends", "--download-only"],
    // Into our own folder and without the system's lock: an upgrade going on is not disturbed.
    ...["-o", `Dir::Cache::archives=${archives}`, "-o", "Debug::NoLocking=1", ...packages],
  ];
  context.report(`downloading ${named} with apt`);
  let downloaded = await run("apt-get", download);
  if (downloaded.kind === "failed" && process.getuid?.() === 0) {
    // Images for containers come without package lists; only root can fetch them.
    context.report("fetching apt's package lists");
    await run("apt-get", ["update"]);
    downloaded = await run("apt-get", download);
  }
  if (downloaded.kind === "failed") {
    return { kind: "not-possible", why: `apt has no ${named} (${downloaded.why})` };
  }
  const root = join(context.folder, "root");
  for (const name of await readdir(archives)) {
    if (!name.endsWith(".deb")) continue;
    const unpacked = await run("dpkg-deb", ["-x", join(archives, name), root]);
    if (unpacked.kind === "failed") {
      return { kind: "not-possible", why: `${name} cannot be unpacked (${unpacked.why})` };
    }
  }
  for (const program of programs) await writeStarter(program, context.folder, root);
  return { kind: "made", how: `unpacked from the Debian package ${named}` };
}

/** A script that runs the executable with the libraries beside it; `exec` keeps its pid. */
async function writeStarter(program: AptProgram, folder: string, root: string): Promise<void> {
  const files = await readdir(root, { recursive: true });
  const libraries = files.filter((file) => /\.so(\.|$)/.test(file)).map((file) => dirname(file));
  const search = [...new Set(libraries)].map((each) => `$here/${relative(folder, root)}/${each}`);
  const script = [
    "#!/bin/sh",
    'here=$(dirname "$(readlink -f "$0")")',
    `export LD_LIBRARY_PATH="${search.join(":")}\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"`,
    `exec "$here/root/${program.path}" "$@"`,
    "",
  ];
  const starter = join(folder, program.name);
  await writeFile(starter, script.join("\n"));
  await chmod(starter, 0o755);
}
