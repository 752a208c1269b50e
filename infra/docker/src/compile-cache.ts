import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { compileCacheFolder, type Image, nodePath, userId } from "./image.ts";

const timeoutMs = 60_000;

/**
 * Starts the image's program once, untold, so that it ends as soon as its sources are loaded, and
 * keeps what Node compiled for that: half of what a start costs. It is of use to the same Node on
 * the same kind of processor, and any other one compiles as ever.
 */
export function keepCompiled({ entrypoint, env: given }: Image, app: string): void {
  const [program, main] = entrypoint;
  if (program !== nodePath || main === undefined) return;
  const cache = join(app, compileCacheFolder);
  mkdirSync(cache);
  const env = { ...given, NODE_COMPILE_CACHE: cache };
  spawnSync(process.execPath, [main], { cwd: app, env, stdio: "ignore", timeout: timeoutMs });
  for (const kind of readdirSync(cache)) {
    // Node looks for what the user has compiled that it runs as.
    const ours = join(cache, kind.replace(/-\d+$/, `-${userId}`));
    renameSync(join(cache, kind), ours);
    chmodSync(ours, 0o755);
    for (const file of readdirSync(ours)) chmodSync(join(ours, file), 0o644);
  }
  chmodSync(cache, 0o755);
}
