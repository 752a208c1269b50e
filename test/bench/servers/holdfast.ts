import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { freePorts } from "@holdfast/toolchain/free-ports";
import type { MemoryReport } from "./memory-probe.ts";

/** One region of Holdfast over one shard, as processes of their own. */
export interface HoldfastServers {
  /** `host:port` of the router. */
  readonly endpoint: string;
  readonly routerPid: number;
  /** The router's memory after its garbage was collected. */
  routerMemory(): Promise<NodeJS.MemoryUsage>;
  stop(): Promise<void>;
}

/** How to start it. */
export interface HoldfastOptions {
  /** URLs of the members of the shard's etcd cluster. */
  readonly etcd: readonly string[];
  /** For the logs. */
  readonly folder: string;
  /** Further arguments for the router's Node, such as a profiler's. */
  readonly execArgv: readonly string[];
}

const root = new URL("../../../", import.meta.url);
const probe = fileURLToPath(new URL("memory-probe.ts", import.meta.url));
const readyMsMax = 30_000;
const stopMsMax = 10_000;

/** Starts a placement process and a router, and waits until the router serves. */
export async function startHoldfast(options: HoldfastOptions): Promise<HoldfastServers> {
  const [port] = (await freePorts(1)) as [number];
  const env = {
    ...process.env,
    HOLDFAST_REGION: "us-east-1",
    HOLDFAST_CLUSTER: "bench",
    HOLDFAST_STORE: "etcd",
    HOLDFAST_SHARDS: `s0=${options.etcd.join(",")}`,
    HOLDFAST_PEERS: "",
    HOLDFAST_LISTEN: `127.0.0.1:${port}`,
    HOLDFAST_LOG_LEVEL: "info",
  };
  const placement = start("placement", env, options.folder, []);
  const router = start("router", env, options.folder, options.execArgv);
  const stop = async (): Promise<void> => {
    await Promise.all([end(router), end(placement)]);
  };
  try {
    await Promise.all([ready(placement), ready(router)]);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    endpoint: `127.0.0.1:${port}`,
    routerPid: router.pid ?? 0,
    routerMemory: () => memoryOf(router),
    stop,
  };
}

function start(
  service: string,
  env: NodeJS.ProcessEnv,
  folder: string,
  execArgv: readonly string[],
): ChildProcess {
  const main = fileURLToPath(new URL(`services/${service}/src/main.ts`, root));
  const child = fork(main, [], {
    env,
    // The flags of `npm start`, and the probe.
    execArgv: ["--max-semi-space-size=64", "--expose-gc", "--import", probe, ...execArgv],
    silent: true,
  });
  const log = createWriteStream(join(folder, `${service}.log`), { flags: "a" });
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  child.stderr?.pipe(process.stderr, { end: false });
  return child;
}

/** Resolves at the line of the log that says the service serves. */
function ready(child: ChildProcess): Promise<void> {
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

async function memoryOf(router: ChildProcess): Promise<NodeJS.MemoryUsage> {
  const answer = once(router, "message");
  router.send("memory");
  const [report] = (await answer) as [MemoryReport];
  return report.usage;
}

/** Asks it to end, so that a profile gets written; insists after a while. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), stopMsMax);
  await gone;
  clearTimeout(late);
}
