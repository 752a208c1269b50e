import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { buildArguments } from "@holdfast/docker/dockerfile";
import { userId } from "@holdfast/docker/image";
import { copyProgram } from "@holdfast/docker/lay-out";
import { layOutBase, layOutLibraries } from "@holdfast/docker/lay-out-base";
import { findExecutable } from "@holdfast/toolchain/find-tool";
import { type CommandResult, runCommand } from "@holdfast/toolchain/run-command";

const minuteMs = 60_000;
/** Names a file of certificates without which the registry is not trusted from this machine. */
const authoritiesVariable = "NODE_EXTRA_CA_CERTS";

/** Runs a command of Docker. */
export function docker(args: readonly string[], timeoutMs = minuteMs): Promise<CommandResult> {
  return runCommand("docker", args, { env: process.env, timeoutMs });
}

/** The same, where anything but success is a failed test. Returns what it printed. */
export async function dockerDoes(args: readonly string[], timeoutMs = minuteMs): Promise<string> {
  const result = await docker(args, timeoutMs);
  if (result.kind === "done") return result.stdout.trim();
  throw new Error([`docker ${args.join(" ")}: ${result.why}`, ...result.tail].join("\n"));
}

/** Why no image can be built; undefined where an engine answers. */
export async function engineMissing(): Promise<string | undefined> {
  const asked = await docker(["version", "--format", "{{.Server.Version}}"], 5_000);
  return asked.kind === "done" ? undefined : "no Docker engine answers";
}

/**
 * The build arguments to build with: none, where the images they name can be had. Else stand-ins
 * are made of this machine's own Node, npm and libraries, and imported.
 */
export async function buildArgumentsHere(): Promise<readonly string[]> {
  const { BUILD_IMAGE: build, BASE_IMAGE: base } = buildArguments;
  if ((await isThere(build)) && (await isThere(base))) return [];
  const folder = mkdtempSync(join(tmpdir(), "holdfast-stand-ins-"));
  try {
    const plain = join(folder, "base");
    await layOutBase(plain, process.execPath, userId);
    await imported(plain, "holdfast-test-base");
    const workshop = join(folder, "build");
    await layOutBase(workshop, process.execPath, userId);
    await layOutWorkshop(workshop);
    await imported(workshop, "holdfast-test-build");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return [
    "--build-arg",
    "BUILD_IMAGE=holdfast-test-build",
    "--build-arg",
    "BASE_IMAGE=holdfast-test-base",
  ];
}

async function isThere(image: string): Promise<boolean> {
  if ((await docker(["image", "inspect", image])).kind === "done") return true;
  return (await docker(["pull", "--quiet", image], 3 * minuteMs)).kind === "done";
}

/** Node and npm where Docker's own image has them, and no shell here either. */
async function layOutWorkshop(root: string): Promise<void> {
  copyProgram(process.execPath, join(root, "usr/local/bin/node"));
  const env = programHere("env");
  await layOutLibraries(root, env);
  copyProgram(env, join(root, "usr/bin/env"));
  const npm = join(root, "usr/local/lib/node_modules/npm");
  mkdirSync(dirname(npm), { recursive: true });
  // What is called npm is npm/bin/npm-cli.js.
  cpSync(resolve(realpathSync(programHere("npm")), "../.."), npm, { recursive: true });
  symlinkSync("../lib/node_modules/npm/bin/npm-cli.js", join(root, "usr/local/bin/npm"));
  const authorities = process.env[authoritiesVariable];
  if (authorities !== undefined) copyProgram(authorities, join(root, authorities));
}

function programHere(name: string): string {
  const found = findExecutable(name, process.env.PATH ?? "");
  if (found === undefined) throw new Error(`this machine has no ${name}`);
  return found;
}

async function imported(root: string, tag: string): Promise<void> {
  const archive = `${root}.tar`;
  const packed = await runCommand("tar", ["-C", root, "-cf", archive, "."], {
    timeoutMs: minuteMs,
  });
  if (packed.kind === "failed") throw new Error(`tar: ${packed.why}`);
  const registry = await runCommand("npm", ["config", "get", "registry"], { timeoutMs: 20_000 });
  const settings = ["ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"];
  if (registry.kind === "done") settings.push(`ENV NPM_CONFIG_REGISTRY=${registry.stdout.trim()}`);
  const authorities = process.env[authoritiesVariable];
  if (authorities !== undefined) settings.push(`ENV ${authoritiesVariable}=${authorities}`);
  const changes = settings.flatMap((setting) => ["--change", setting]);
  await dockerDoes(["import", ...changes, archive, tag], 3 * minuteMs);
}
