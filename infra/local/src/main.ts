import { readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { findTool } from "@holdfast/toolchain/find-tool";
import { parseOptions, type StartOptions, USAGE } from "./options.ts";
import { EXIT_USAGE } from "./refusal.ts";
import { jsonReporter, peopleReporter, type Reporter } from "./reporter.ts";
import { startHoldfast } from "./start.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const script = (service: string): string => join(root, "services", service, "src", "main.ts");

process.exitCode = await main();
// Nothing is left to wait for but streams nobody reads any more.
process.exit();

async function main(): Promise<number> {
  // npm runs us in the root of the repository; a relative --data-dir means where the user is.
  const typedIn = process.env.npm_lifecycle_event === "start" && process.env.INIT_CWD;
  const cwd = typedIn || process.cwd();
  const parsed = parseOptions(process.argv.slice(2), cwd, join(root, ".holdfast"));
  if (parsed.kind === "help") {
    console.log(USAGE);
    return 0;
  }
  if (parsed.kind === "wrong") {
    console.error(`${parsed.message}\n\n${USAGE}`);
    return EXIT_USAGE;
  }
  // A terminal that was closed, or a reader that went away, must not take the locks with it
  // before they are stopped in order.
  process.stdout.on("error", () => {});
  process.stderr.on("error", () => {});
  const release = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version as string;
  return startHoldfast(parsed.options, {
    reporter: reporterFor(parsed.options, release, cwd),
    release,
    services: {
      router: script("router"),
      placement: script("placement"),
      coordinator: script("coordinator"),
      journal: script("journal"),
      auditor: script("auditor"),
      archiver: script("archiver"),
      recorder: script("recorder"),
    },
    findTool,
  });
}

function reporterFor(options: StartOptions, release: string, cwd: string): Reporter {
  if (options.json) return jsonReporter(process.stdout, process.stderr);
  return peopleReporter({
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    release,
    dataDir: shownPath(options.dataDir, cwd),
    foundByCli: isFoundByCli(options.dataDir, cwd),
  });
}

function shownPath(path: string, cwd: string): string {
  const shorter = relative(cwd, path);
  return shorter.startsWith("..") || shorter === "" ? path : shorter;
}

/** The command line tool looks for .holdfast above the working directory and in the repository. */
function isFoundByCli(dataDir: string, cwd: string): boolean {
  if (basename(dataDir) !== ".holdfast") return false;
  const parent = dirname(dataDir);
  return parent === dirname(join(root, "x")) || !relative(parent, cwd).startsWith("..");
}
