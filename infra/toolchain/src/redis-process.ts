import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { askPort } from "./ask-port.ts";
import { ServerProcess, type ServerSpec } from "./server-process.ts";
import type { ClientTls, ServerTls } from "./server-tls.ts";
import { startOnPorts } from "./start-on-ports.ts";

export interface RedisOptions {
  /** The redis-server executable, from `findTool("redis")`. */
  readonly binary: string;
  /** Data, log and the port chosen lie here; a second start in the same place finds its data. */
  readonly dataDir: string;
  /** Chosen free, and kept for the next start in the same place, if absent. */
  readonly port?: number;
  /** "always": on disk before it is answered. "none", the default: gone with the process. */
  readonly durability?: "none" | "always";
  /** It and its clients show a certificate of the CA to each other; plain text if absent. */
  readonly tls?: ServerTls | undefined;
}

/** A running Redis. `await using` stops it. */
export interface RedisServer extends AsyncDisposable {
  readonly port: number;
  readonly process: ServerProcess;
}

const START_TIMEOUT_MS = 15_000;
const STOP_GRACE_MS = 2_000;

/** Starts a Redis on loopback and waits until it answers; throws with the log's tail if not. */
export async function startRedis(options: RedisOptions): Promise<RedisServer> {
  const specOn = prepareRedis(options);
  const { server, ports } = await startOnPorts({
    dataDir: resolve(options.dataDir),
    count: 1,
    ports: options.port === undefined ? undefined : [options.port],
    build: (ports) => new ServerProcess(specOn(ports)),
  });
  return {
    port: ports[0] as number,
    process: server,
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

/** Makes the folder of a Redis, and tells how to run it on one port. */
export function prepareRedis(
  options: Omit<RedisOptions, "port">,
): (ports: readonly number[]) => ServerSpec {
  const dataDir = resolve(options.dataDir);
  const data = join(dataDir, "data");
  mkdirSync(data, { recursive: true });
  return ([port = 0]) => ({
    title: "redis",
    file: options.binary,
    args: redisArguments(port, data, options),
    logPath: join(dataDir, "redis.log"),
    isReady: () => answersPing(port, options.tls),
    startTimeoutMs: START_TIMEOUT_MS,
    stopGraceMs: STOP_GRACE_MS,
  });
}

function redisArguments(
  port: number,
  data: string,
  { durability, tls }: Pick<RedisOptions, "durability" | "tls">,
): string[] {
  const append = durability === "always" ? ["yes", "--appendfsync", "always"] : ["no"];
  return [
    ...(tls === undefined ? ["--port", String(port)] : tlsFlags(port, tls)),
    ...["--bind", "127.0.0.1", "--dir", data],
    ...["--save", "", "--appendonly", ...append],
  ];
}

/** The port of plain text is closed. */
function tlsFlags(port: number, { cert, key, ca }: ServerTls): string[] {
  return [
    ...["--port", "0", "--tls-port", String(port), "--tls-auth-clients", "yes"],
    ...["--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", ca],
    // A resumed session would not be checked again.
    ...["--tls-session-caching", "no"],
  ];
}

/** False while it still loads its data: it answers -LOADING then. */
export async function answersPing(port: number, tls?: ClientTls): Promise<boolean> {
  const isLine = (answer: Buffer): boolean => answer.includes("\r\n");
  const answer = await askPort(port, Buffer.from("PING\r\n"), isLine, { tls });
  return answer?.toString("latin1").startsWith("+PONG") ?? false;
}
