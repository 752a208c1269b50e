import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { MakeContext, MakeResult, Maker } from "./recipe.ts";
import { runCommand } from "./run-command.ts";

const PIP_TIMEOUT_MS = 900_000;

/** A program on PyPI, and a file that pins everything it brings along. */
export interface PipProgram {
  readonly package: string;
  readonly version: string;
  /** Path of a constraints file of pip. */
  readonly constraints: string;
  /** The Python module that is the program. */
  readonly module: string;
}

/**
 * Installs a Python program into a folder of its own. Nothing of the machine's Python changes; and
 * no virtual environment is made, for its paths would lead to the folder it was made in.
 */
export function pipInstall(program: PipProgram): Maker {
  return { source: "built", make: (context) => install(program, context) };
}

async function install(program: PipProgram, context: MakeContext): Promise<MakeResult> {
  const options = { env: context.env, signal: context.signal, timeoutMs: PIP_TIMEOUT_MS };
  const pip = await runCommand("python3", ["-m", "pip", "--version"], options);
  if (pip.kind === "failed") {
    return { kind: "not-possible", why: `this machine has no Python with pip (${pip.why})` };
  }
  context.report(`installing ${program.package} with pip`);
  const wanted = `${program.package}==${program.version}`;
  const installed = await runCommand(
    "python3",
    [
      ...["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"],
      ...["--target", join(context.folder, "site"), "--constraint", program.constraints, wanted],
    ],
    options,
  );
  if (installed.kind === "failed") {
    return { kind: "not-possible", why: `pip could not install ${wanted} (${installed.why})` };
  }
  const starter = join(context.folder, program.package);
  await writeFile(starter, starterOf(program));
  await chmod(starter, 0o755);
  return { kind: "made", how: `installed from PyPI with pip` };
}

/** The version is asked for at every search, and to load the whole program for it takes seconds. */
function starterOf({ package: name, module }: PipProgram): string {
  return [
    "#!/bin/sh",
    'PYTHONPATH="$(dirname "$0")/site"',
    "export PYTHONPATH",
    'if [ "$*" = --version ]; then',
    `  exec python3 -c 'from importlib.metadata import version; print(version("${name}"))'`,
    "fi",
    `exec python3 -m ${module} "$@"`,
    "",
  ].join("\n");
}
