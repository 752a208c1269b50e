import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The variable by which a drill's processes are known, whatever became of their parent. */
export const keeperVariable = "HOLDFAST_DRILL";

/**
 * Looks after the processes of a drill for the case that this process is killed and can end
 * nothing any more: a process of its own, in a group of its own, that notices our end by the pipe
 * between us. It ends every process that has `id` in its environment, and removes `folder`.
 */
export function startKeeper(id: string, folder: string): ChildProcess {
  const entry = fileURLToPath(new URL("keeper-main.ts", import.meta.url));
  const { [keeperVariable]: _own, ...env } = process.env;
  const keeper = spawn(process.execPath, [entry, id, folder], {
    stdio: ["pipe", "ignore", "inherit"],
    detached: true,
    env,
  });
  keeper.unref();
  return keeper;
}
