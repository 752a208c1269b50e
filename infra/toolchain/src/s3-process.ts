import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { request } from "node:http";
import { join, resolve } from "node:path";
import { ServerProcess, type ServerSpec } from "./server-process.ts";
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
}

/** A running S3 server that knows versions and Object Lock. `await using` stops it. */
export interface S3Server extends AsyncDisposable {
  readonly port: number;
  /** `http://127.0.0.1:PORT`; buckets are named in the path. */
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
    endpoint: `http://127.0.0.1:${port}`,
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
      ...["--quiet", "posix", "--versioning-dir", versions, buckets],
    ],
    env: {
      ...withoutGatewaySettings(process.env),
      ROOT_ACCESS_KEY_ID: accessKeyId,
      // In the environment, since everybody on the machine can read a command line.
      ROOT_SECRET_ACCESS_KEY: secretAccessKey,
    },
    logPath: join(dataDir, "versitygw.log"),
    isReady: () => isHealthy(port),
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

function isHealthy(port: number, timeoutMs = 1_000): Promise<boolean> {
  return new Promise((resolve) => {
    const url = `http://127.0.0.1:${port}${HEALTH_PATH}`;
    // No agent: a kept connection would outlive the server.
    const call = request(url, { agent: false, timeout: timeoutMs }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    call.on("timeout", () => call.destroy());
    call.on("error", () => resolve(false));
    call.on("close", () => resolve(false));
    call.end();
  });
}
