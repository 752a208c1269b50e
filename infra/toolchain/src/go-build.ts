import { rename } from "node:fs/promises";
import { join } from "node:path";
import type { MakeContext, MakeResult, Maker } from "./recipe.ts";
import { type CommandResult, runCommand } from "./run-command.ts";

const BUILD_TIMEOUT_MS = 30 * 60_000;

/** A Go package to build and the name its executable gets. */
export interface GoProgram {
  readonly package: string;
  readonly name: string;
}

/** A variable of the program and what it is to hold. */
export interface GoStamp {
  readonly variable: string;
  readonly value: string;
  /** Where the variable is, if it is not in the main package. */
  readonly package?: string;
}

/**
 * Builds programs named by `tool` lines of a committed Go module, with the module versions and
 * checksums of that module's go.mod and go.sum. `go install` cannot do it: etcd's own go.mod has
 * replace directives, which it refuses. `stamp` gives a value to a string variable of each main
 * package: some programs are told their version by whoever builds them.
 */
export function goBuild(moduleDir: string, programs: readonly GoProgram[], stamp?: GoStamp): Maker {
  return { source: "built", make: (context) => build(moduleDir, programs, stamp, context) };
}

async function build(
  moduleDir: string,
  programs: readonly GoProgram[],
  stamp: GoStamp | undefined,
  context: MakeContext,
): Promise<MakeResult> {
  // Minutes of all processors: whoever uses the machine meanwhile comes first.
  const go = (args: readonly string[], onLine: (line: string) => void): Promise<CommandResult> =>
    runCommand("nice", ["-n", "10", "go", ...args], {
      cwd: moduleDir,
      env: goEnvironment(context.env),
      signal: context.signal,
      timeoutMs: BUILD_TIMEOUT_MS,
      onLine,
    });
  const version = await go(["env", "GOVERSION"], () => {});
  if (version.kind === "failed") return { kind: "not-possible", why: "Go is not on PATH" };

  const packages = programs.map((program) => program.package);
  let modules = 0;
  const listed = await go(["list", "-mod=readonly", "-deps", ...packages], (line) => {
    if (!line.startsWith("go: downloading ")) return;
    modules++;
    context.report(`downloading Go modules: ${modules}`);
  });
  if (listed.kind === "failed") return notBuilt("fetch the Go modules", listed.why);

  const total = listed.stdout.trim().split("\n").length;
  let done = 0;
  context.report("compiling with Go", done, total);
  const flags = ["-mod=readonly", "-trimpath", "-ldflags", linkerFlags(stamp), "-v"];
  const output = `${context.folder}/`;
  const built = await go(["build", ...flags, "-o", output, ...packages], (line) => {
    // -v prints each package as it is compiled, and none that Go's own cache already has.
    if (line.startsWith("go: ")) return;
    done = Math.min(done + 1, total);
    context.report("compiling with Go", done, total);
  });
  if (built.kind === "failed") return notBuilt("build it", built.why);
  for (const program of programs) {
    const given = join(context.folder, executableName(program.package));
    await rename(given, join(context.folder, program.name));
  }
  return { kind: "made", how: `built with ${version.stdout.trim()}` };
}

/** Without symbols, which nobody reads here and which are a third of the file. */
export function linkerFlags(stamp: GoStamp | undefined): string {
  if (stamp === undefined) return "-s -w";
  return `-s -w -X ${stamp.package ?? "main"}.${stamp.variable}=${stamp.value}`;
}

function notBuilt(what: string, why: string): MakeResult {
  return { kind: "not-possible", why: `Go could not ${what} (${why})` };
}

/** The name `go build` gives: the last path element that is not a major version. */
export function executableName(packagePath: string): string {
  const parts = packagePath.split("/");
  if (/^v\d+$/.test(parts.at(-1) ?? "")) parts.pop();
  return parts.at(-1) ?? packagePath;
}

/** The caller's environment without what would build for another machine or another module. */
export function goEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  return { ...env, CGO_ENABLED: "0", GOWORK: "off", GOOS: undefined, GOARCH: undefined };
}
