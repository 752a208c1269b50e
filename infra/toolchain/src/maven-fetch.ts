import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { MakeContext, MakeResult, Maker } from "./recipe.ts";
import { runCommand } from "./run-command.ts";

const MAVEN_TIMEOUT_MS = 600_000;

/** A committed pom.xml and checksums, and what to make of them. */
export interface MavenLibraries {
  /** Holds pom.xml, and libs.sha256: a line for each file, as sha256sum prints it. */
  readonly pomDir: string;
  /** Where in the cache entry the files go. */
  readonly target: string;
  /** Completes the entry with what starts them. */
  readonly finish: (folder: string) => Promise<void>;
}

/** Fetches what a pom needs at run time; with the versions of that pom and its checksums. */
export function mavenFetch(libraries: MavenLibraries): Maker {
  return { source: "built", make: (context) => fetchLibraries(libraries, context) };
}

async function fetchLibraries(
  { pomDir, target, finish }: MavenLibraries,
  context: MakeContext,
): Promise<MakeResult> {
  // Maven works in the folder of the pom, which in the repository is not its to write to.
  const work = join(context.folder, "maven");
  const folder = join(context.folder, target);
  await mkdir(work, { recursive: true });
  await mkdir(folder, { recursive: true });
  await copyFile(join(pomDir, "pom.xml"), join(work, "pom.xml"));
  const failed = await runMaven(work, folder, context);
  if (failed !== undefined) return { kind: "not-possible", why: failed };
  await rm(work, { recursive: true, force: true });
  const wrong = await mismatch(folder, await readFile(join(pomDir, "libs.sha256"), "utf8"));
  if (wrong !== undefined) {
    return { kind: "not-possible", why: `what Maven fetched is not what was pinned (${wrong})` };
  }
  await finish(context.folder);
  return { kind: "made", how: "fetched with Maven" };
}

/** Why it came to nothing, as part of a sentence; undefined when all is there. */
async function runMaven(
  work: string,
  folder: string,
  context: MakeContext,
): Promise<string | undefined> {
  let files = 0;
  let firstError: string | undefined;
  context.report("asking Maven");
  const fetched = await runCommand(
    "mvn",
    [
      ...["--batch-mode", "dependency:copy-dependencies", "-DincludeScope=runtime"],
      `-DoutputDirectory=${folder}`,
    ],
    {
      cwd: work,
      env: context.env,
      signal: context.signal,
      timeoutMs: MAVEN_TIMEOUT_MS,
      onLine(line) {
        // The lines after the first only say where help is to be found.
        if (line.startsWith("[ERROR] ")) firstError ??= line.slice("[ERROR] ".length);
        if (!line.includes("Downloaded from ")) return;
        files++;
        context.report(`downloading with Maven: ${files} files`);
      },
    },
  );
  if (fetched.kind === "done") return undefined;
  if (fetched.why === "mvn is not on PATH") return "Maven is not on PATH";
  return `Maven could not fetch it (${(firstError ?? fetched.why).slice(0, 300)})`;
}

/** What of the files in `folder` does not agree with a list of checksums; undefined if all do. */
export async function mismatch(folder: string, checksums: string): Promise<string | undefined> {
  const wanted = new Map<string, string>();
  for (const line of checksums.trim().split("\n")) {
    const [sum = "", name = ""] = line.split(/\s+/);
    wanted.set(name, sum);
  }
  for (const name of await readdir(folder)) {
    const sum = wanted.get(name);
    if (sum === undefined) return `${name} is not in the list`;
    const found = createHash("sha256").update(await readFile(join(folder, name)));
    if (found.digest("hex") !== sum) return `${name} has another checksum`;
    wanted.delete(name);
  }
  const [absent] = wanted.keys();
  return absent === undefined ? undefined : `${absent} is absent`;
}
