import { delimiter, resolve } from "node:path";
import { findTool } from "@holdfast/toolchain/find-tool";

/** The folder of the repository. */
export const repository = resolve(import.meta.dirname, "../..");

/**
 * The environment of somebody who has just opened a terminal: none of what npm, vitest and the
 * caller's own Holdfast have put there, and the user's own Node first instead of the repository's.
 */
export function userEnvironment(added: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const { PATH = "", ...rest } = process.env;
  const inherited = Object.entries(rest).filter(
    ([name]) =>
      // Settings of npm (a registry, a cache) are the user's; the rest of npm_ is about this run.
      (name.startsWith("npm_config_") && name !== "npm_config_local_prefix") ||
      !/^(npm_|HOLDFAST_|VITEST|NODE_|INIT_CWD|FORCE_COLOR)/.test(name),
  );
  const path = PATH.split(delimiter).filter((folder) => !folder.includes("node_modules"));
  const own = { PATH: path.join(delimiter), NO_COLOR: "1" };
  return { ...Object.fromEntries(inherited), ...own, ...added };
}

/** Why nothing that needs etcd can be tested here; undefined where it can. Printed once. */
export async function whyNoEtcd(): Promise<string | undefined> {
  const etcd = await findTool("etcd", { offline: true });
  if (etcd.kind === "found") return undefined;
  console.warn(`skipped, for the platform needs etcd: ${etcd.reason}`);
  return etcd.reason;
}
