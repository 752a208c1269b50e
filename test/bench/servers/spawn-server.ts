import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** One server process of ours. */
export interface ServerProcess {
  readonly pid: number;
  /** Ends it at once, since its data is thrown away; resolves when it is gone. */
  stop(): Promise<void>;
}

/** Where it prints to and whose rights it has. */
export interface SpawnOptions {
  readonly logPath: string;
  /** The folder it runs in; ours if left out. */
  readonly cwd?: string;
  /** Some servers refuse to run as root. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
}

/** Starts a server. It is ended with this process, if nobody does so before. */
export function spawnServer(
  path: string,
  args: readonly string[],
  options: SpawnOptions,
): ServerProcess {
  const log = openSync(options.logPath, "a");
  const child = spawn(path, args, {
    stdio: ["ignore", log, log],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...options.user,
  });
  closeSync(log);
  if (child.pid === undefined) throw new Error(`${path} did not start`);
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const kill = (): void => {
    child.kill("SIGKILL");
  };
  process.once("exit", kill);
  return {
    pid: child.pid,
    async stop() {
      process.removeListener("exit", kill);
      kill();
      await gone;
    },
  };
}

/** Repeats `attempt` until it does not reject; after `limitMs` rejects with its last reason. */
export async function eventually<T>(attempt: () => Promise<T>, limitMs: number): Promise<T> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > endMs) throw error;
      await sleep(100);
    }
  }
}
