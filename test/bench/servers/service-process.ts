import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = new URL("../../../", import.meta.url);
const probe = fileURLToPath(new URL("memory-probe.ts", import.meta.url));
const readyMsMax = 30_000;
const stopMsMax = 10_000;

/** How to run a service. */
export interface ServiceOptions {
  /** The name of its folder: "router", "journal". */
  readonly service: string;
  readonly env: NodeJS.ProcessEnv;
  /** Its log lies here. */
  readonly folder: string;
  /** The flags with which `npm start` starts its Node. */
  readonly nodeFlags: readonly string[];
  /** Further arguments for its Node, such as a profiler's. */
  readonly execArgv: readonly string[];
}

/** Starts a service of the product in a process of its own; {@link serviceReady} waits for it. */
export function startService(options: ServiceOptions): ChildProcess {
  const { service, env, folder, nodeFlags, execArgv } = options;
  const main = fileURLToPath(new URL(`services/${service}/src/main.ts`, root));
  const child = fork(main, [], {
    env,
    execArgv: [...nodeFlags, "--expose-gc", "--import", probe, ...execArgv],
    silent: true,
  });
  const log = createWriteStream(join(folder, `${service}.log`), { flags: "a" });
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  child.stderr?.pipe(process.stderr, { end: false });
  return child;
}

/** Resolves at the line of the log that says the service serves. */
export function serviceReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    const late = setTimeout(() => fail("was not ready in time"), readyMsMax);
    const done = (): void => {
      clearTimeout(late);
      lines.close();
      child.removeListener("exit", onExit);
      // Closing the lines pauses the stream, and a full pipe would stall the service.
      child.stdout?.resume();
    };
    const fail = (what: string): void => {
      done();
      reject(new Error(`${child.spawnargs.at(-1)} ${what}`));
    };
    const onExit = (code: number | null): void => fail(`ended with ${code}`);
    child.once("exit", onExit);
    lines.on("line", (line) => {
      if (!line.includes('"event.action":"ready"')) return;
      done();
      resolve();
    });
  });
}

/** Asks it to end, so that a profile gets written; insists after a while. */
export async function endService(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), stopMsMax);
  await gone;
  clearTimeout(late);
}
