import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { buildArguments } from "@holdfast/docker/dockerfile";
import { userId } from "@holdfast/docker/image";
import { copyProgram } from "@holdfast/docker/lay-out";
import { layOutBase, layOutLibraries } from "@holdfast/docker/lay-out-base";
import { findExecutable } from "@holdfast/toolchain/find-tool";
import { type CommandResult, runCommand } from "@holdfast/toolchain/run-command";

const repository = resolve(import.meta.dirname, "../../..");
const minuteMs = 60_000;
/** Names a file of certificates without which the registry is not trusted from this machine. */
const authoritiesVariable = "NODE_EXTRA_CA_CERTS";
const systemAuthorities = "/etc/ssl/certs/ca-certificates.crt";

/** Who makes an image of a Dockerfile: BuildKit, or what Docker had before it. */
export type Builder = "legacy" | "BuildKit";

/** Runs a command of Docker. */
export function docker(
  args: readonly string[],
  timeoutMs = minuteMs,
  env: NodeJS.ProcessEnv = process.env,
  onLine?: (line: string) => void,
): Promise<CommandResult> {
  return runCommand("docker", args, { env, timeoutMs, ...(onLine && { onLine }) });
}

/** The same, where anything but success is a failed test. Returns what it printed. */
export async function dockerDoes(
  args: readonly string[],
  timeoutMs = minuteMs,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const result = await docker(args, timeoutMs, env);
  if (result.kind === "done") return result.stdout.trim();
  throw new Error([`docker ${args.join(" ")}: ${result.why}`, ...result.tail].join("\n"));
}

/** Why no image can be built; undefined where an engine answers. */
export async function engineMissing(): Promise<string | undefined> {
  const asked = await docker(["version", "--format", "{{.Server.Version}}"], 5_000);
  return asked.kind === "done" ? undefined : "no Docker engine answers";
}

/** Why this client cannot build with it; undefined where it can. */
export async function builderMissing(builder: Builder): Promise<string | undefined> {
  if (builder === "legacy") return undefined;
  const asked = await docker(["version", "--format", "{{.Client.Version}}"], 5_000);
  const major = asked.kind === "done" ? Number.parseInt(asked.stdout, 10) : 0;
  // Until 22 the client itself speaks with BuildKit, from then on a plug-in does.
  if (major < 23) return undefined;
  const plugin = await docker(["buildx", "version"], 5_000);
  return plugin.kind === "done" ? undefined : "the client of Docker has no buildx";
}

/** Builds a target of our Dockerfile. */
export async function buildImage(
  target: string,
  tag: string,
  builder: Builder,
  buildArguments: readonly string[],
  timeoutMs: number,
): Promise<void> {
  const file = ["--file", "infra/docker/Dockerfile", "--target", target, "--tag", tag];
  const env = { ...process.env, DOCKER_BUILDKIT: builder === "BuildKit" ? "1" : "0" };
  const args = ["build", "--network", "host", ...buildArguments, ...file, repository];
  await dockerDoes(args, timeoutMs, env);
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
    await imported(workshop, "holdfast-test-build", [await npmSettings()]);
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

/**
 * The build argument for what compiles etcd, as {@link buildArgumentsHere}. Or why there is none,
 * where this machine has no Go either.
 */
export async function goArgumentsHere(): Promise<readonly string[] | { missing: string }> {
  if (await isThere(buildArguments.GO_IMAGE)) return [];
  const asked = await runCommand("go", ["env", "GOROOT", "GOPROXY", "GOSUMDB"], {
    timeoutMs: 20_000,
  });
  if (asked.kind === "failed") return { missing: `there is no image of Go, and ${asked.why}` };
  const [root = "", proxy = "", sums = ""] = asked.stdout.split("\n");
  const folder = mkdtempSync(join(tmpdir(), "holdfast-go-"));
  try {
    const workshop = join(folder, "go");
    await layOutBase(workshop, process.execPath, userId);
    cpSync(root, join(workshop, "usr/local/go"), { recursive: true, dereference: true });
    layOutAuthorities(workshop);
    await imported(workshop, "holdfast-test-go", [
      "ENV PATH=/usr/local/go/bin:/usr/local/bin:/usr/bin:/bin",
      `ENV GOPROXY=${proxy} GOSUMDB=${sums} GOPATH=/go GOCACHE=/go/cache GOTOOLCHAIN=local`,
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return ["--build-arg", "GO_IMAGE=holdfast-test-go"];
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
  layOutAuthorities(root);
}

/** Whom this machine trusts, where Go and Node look by themselves or are told to. */
function layOutAuthorities(root: string): void {
  for (const file of [process.env[authoritiesVariable], systemAuthorities]) {
    if (file !== undefined && existsSync(file)) copyProgram(file, join(root, file));
  }
}

function programHere(name: string): string {
  const found = findExecutable(name, process.env.PATH ?? "");
  if (found === undefined) throw new Error(`this machine has no ${name}`);
  return found;
}

/** The registry that is used here. */
async function npmSettings(): Promise<string> {
  const asked = await runCommand("npm", ["config", "get", "registry"], { timeoutMs: 20_000 });
  if (asked.kind === "failed") throw new Error(`npm: ${asked.why}`);
  return `ENV NPM_CONFIG_REGISTRY=${asked.stdout.trim()}`;
}

async function imported(root: string, tag: string, settings: string[] = []): Promise<void> {
  const archive = `${root}.tar`;
  const packed = await runCommand("tar", ["-C", root, "-cf", archive, "."], {
    timeoutMs: 3 * minuteMs,
  });
  if (packed.kind === "failed") throw new Error(`tar: ${packed.why}`);
  const authorities = process.env[authoritiesVariable];
  const changes = [
    "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    ...(authorities === undefined ? [] : [`ENV ${authoritiesVariable}=${authorities}`]),
    ...settings,
  ].flatMap((setting) => ["--change", setting]);
  await dockerDoes(["import", ...changes, archive, tag], 3 * minuteMs);
}
