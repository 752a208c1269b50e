import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { request } from "node:http";
import { request as secureRequest } from "node:https";
import { join, resolve } from "node:path";
import { loopbackUrl } from "./etcd-command.ts";
import { ServerProcess, type ServerSpec } from "./server-process.ts";
import { type ClientTls, contentOf, type ServerTls } from "./server-tls.ts";
import { startOnPorts } from "./start-on-ports.ts";

export interface S3Options {
  /** The versitygw executable, from `findTool("versitygw")`. */
  readonly binary: string;
  /**
   * Buckets, log and the port chosen lie here; a second start in the same place finds its buckets.
   * The file system must know extended attributes.
   */
  readonly dataDir: string;
  /** Chosen free, and kept for the next start in the same place, if absent. */
  readonly port?: number;
  /** What it shows its clients, of which it asks for no certificate; plain text if absent. */
  readonly tls?: ServerTls | undefined;
}

/** A running S3 server that knows versions and Object Lock. `await using` stops it. */
export interface S3Server extends AsyncDisposable {
  readonly port: number;
  /** `http://127.0.0.1:PORT`, or `https://`; buckets are named in the path. */
  readonly endpoint: string;
  readonly region: string;
  /** Of its root user; made anew by each call of {@link startS3}, and kept over a restart. */
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly process: ServerProcess;
}

const REGION = "us-east-1";
const HEALTH_PATH = "/health";
const START_TIMEOUT_MS = 15_000;
const STOP_GRACE_MS = 2_000;

/** Starts an S3 server on loopback and waits until it is healthy; throws with the log's tail. */
export async function startS3(options: S3Options): Promise<S3Server> {
  const { specOn, ...access } = prepareS3(options);
  const { server, ports } = await startOnPorts({
    dataDir: resolve(options.dataDir),
    count: 1,
    ports: options.port === undefined ? undefined : [options.port],
    build: (ports) => new ServerProcess(specOn(ports)),
  });
  const port = ports[0] as number;
  return {
    port,
    endpoint: loopbackUrl(port, options.tls !== undefined),
    ...access,
    process: server,
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

/** A server that is ready to be started, and who may use it. */
export interface PreparedS3 extends Pick<S3Server, "region" | "accessKeyId" | "secretAccessKey"> {
  /** How to run it on one port; it may be another one each time. */
  readonly specOn: (ports: readonly number[]) => ServerSpec;
}

/** Makes the folders of an S3 server where there are none, and credentials for its root user. */
export function prepareS3(options: Omit<S3Options, "port">): PreparedS3 {
  const dataDir = resolve(options.dataDir);
  const { tls } = options;
  // Beside each other: the gateway refuses to keep versions among the buckets.
  const [buckets, versions] = [join(dataDir, "buckets"), join(dataDir, "versions")];
  for (const folder of [buckets, versions]) mkdirSync(folder, { recursive: true });
  const accessKeyId = randomBytes(10).toString("hex").toUpperCase();
  const secretAccessKey = randomBytes(30).toString("base64url");
  const specOn = ([port = 0]: readonly number[]): ServerSpec => ({
    title: "versitygw",
    file: options.binary,
    args: [
      ...["--port", `127.0.0.1:${port}`, "--region", REGION, "--health", HEALTH_PATH],
      ...(tls === undefined ? [] : ["--cert", tls.cert, "--key", tls.key]),
      ...["--quiet", "posix", "--versioning-dir", versions, buckets],
    ],
    env: {
      ...withoutGatewaySettings(process.env),
      ROOT_ACCESS_KEY_ID: accessKeyId,
      // In the environment, since everybody on the machine can read a command line.
      ROOT_SECRET_ACCESS_KEY: secretAccessKey,
    },
    logPath: join(dataDir, "versitygw.log"),
    isReady: () => isS3Healthy(port, tls),
    startTimeoutMs: START_TIMEOUT_MS,
    stopGraceMs: STOP_GRACE_MS,
  });
  return { region: REGION, accessKeyId, secretAccessKey, specOn };
}

/** Takes out what would set up another gateway than ours: another port, TLS, a log elsewhere. */
function withoutGatewaySettings(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, undefined> {
  const names = Object.keys(env).filter((name) => name.startsWith("VGW_"));
  return Object.fromEntries(names.map((name) => [name, undefined]));
}

/** True when it answers that all is well; false for every other answer, and for none in time. */
export function isS3Healthy(port: number, tls?: ClientTls, timeoutMs = 1_000): Promise<boolean> {
  return new Promise((resolve) => {
    const url = `${loopbackUrl(port, tls !== undefined)}${HEALTH_PATH}`;
    // No agent: a kept connection would outlive the server.
    const options = { agent: false, timeout: timeoutMs, ...(tls && contentOf(tls)) };
    const ask = tls === undefined ? request : secureRequest;
    const call = ask(url, options, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    call.on("timeout", () => call.destroy());
    call.on("error", () => resolve(false));
    call.on("close", () => resolve(false));
    call.end();
  });
}
