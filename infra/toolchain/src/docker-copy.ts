import { join } from "node:path";
import type { MakeContext, MakeResult, Maker } from "./recipe.ts";
import { type CommandResult, runCommand } from "./run-command.ts";

const PULL_TIMEOUT_MS = 600_000;
const ENGINE_TIMEOUT_MS = 5_000;

/**
 * Takes executables, or folders with them, out of an image, where a Docker engine answers. They
 * then run as ordinary processes: the pid we stop is the server's, and ports and files are the
 * machine's own. Only on Linux, since an image's executables are Linux ones.
 */
export function dockerCopy(image: string, files: readonly string[]): Maker {
  return { source: "docker", make: (context) => copyOut(image, files, context) };
}

async function copyOut(
  image: string,
  files: readonly string[],
  context: MakeContext,
): Promise<MakeResult> {
  if (process.platform !== "linux") {
    return { kind: "not-possible", why: "an image's executables run on Linux only" };
  }
  const run = (args: readonly string[], timeoutMs: number): Promise<CommandResult> =>
    runCommand("docker", args, { env: context.env, signal: context.signal, timeoutMs });

  const engine = await run(["version", "--format", "{{.Server.Version}}"], ENGINE_TIMEOUT_MS);
  if (engine.kind === "failed") return { kind: "not-possible", why: "no Docker engine answers" };

  context.report(`fetching the image ${image}`);
  const present = await run(["image", "inspect", image], ENGINE_TIMEOUT_MS);
  if (present.kind === "failed") {
    const pulled = await run(["pull", "--quiet", image], PULL_TIMEOUT_MS);
    if (pulled.kind === "failed") {
      return { kind: "not-possible", why: `Docker could not fetch ${image} (${pulled.why})` };
    }
  }
  const created = await run(["create", image], PULL_TIMEOUT_MS);
  if (created.kind === "failed") {
    return { kind: "not-possible", why: `Docker could not open ${image} (${created.why})` };
  }
  const container = created.stdout.trim();
  try {
    for (const file of files) {
      const target = join(context.folder, file.slice(file.lastIndexOf("/") + 1));
      const copied = await run(["cp", "--follow-link", `${container}:${file}`, target], 60_000);
      if (copied.kind === "failed") {
        return { kind: "not-possible", why: `${file} is not in ${image} (${copied.why})` };
      }
    }
  } finally {
    // Without the abort signal: an interrupted copy must not leave its container behind.
    await runCommand("docker", ["rm", container], { env: context.env, timeoutMs: 30_000 });
  }
  return { kind: "made", how: `copied out of the image ${image}` };
}
