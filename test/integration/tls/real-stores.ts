import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { findTool } from "@holdfast/toolchain/find-tool";
import { freePorts } from "@holdfast/toolchain/free-ports";
import { startKafka } from "@holdfast/toolchain/kafka-process";
import { startPostgres } from "@holdfast/toolchain/postgres-process";
import { startRedis } from "@holdfast/toolchain/redis-process";
import { startS3 } from "@holdfast/toolchain/s3-process";
import type { ServerProcess } from "@holdfast/toolchain/server-process";
import type { ToolName } from "@holdfast/toolchain/tool";
import { until } from "../until.ts";
import type { Files } from "./certificates.ts";
import type { S3Keys, StoreName } from "./store-clients.ts";

/** A store that runs, at an address for each certificate it shows. */
export interface RealStore extends AsyncDisposable {
  /** `host:port` by the name of the certificate that is shown there. */
  readonly addresses: Readonly<Record<string, string>>;
  readonly keys?: S3Keys;
}

type Named = readonly [name: string, files: Files];
/** The first of them is good. */
type Certificates = readonly [Named, ...Named[]];
type Start = (folder: string, certificates: Certificates) => Promise<RealStore>;

async function binaryOf(tool: ToolName): Promise<string> {
  const found = await findTool(tool);
  if (found.kind === "missing") throw new Error(found.reason);
  return found.path;
}

/** The tool that each store is run with. */
export const storeTools: Readonly<Record<StoreName, ToolName>> = {
  Kafka: "kafka",
  Postgres: "postgres",
  Redis: "redis",
  S3: "versitygw",
};

/** Starts the store with the first of the certificates, and with each other one beside it. */
export const startStore: Readonly<Record<StoreName, Start>> = {
  // One broker with as many doors: it takes seconds and hundreds of megabytes.
  Kafka: async (folder, [[first, files], ...others]) => {
    const binary = await binaryOf("kafka");
    const [client = 0, controller = 0, ...doors] = await freePorts(2 + others.length);
    const names = others.map((_, index) => `DOOR${index}`);
    const listeners = [
      ...[`CLIENTS://127.0.0.1:${client}`, `CONTROLLER://127.0.0.1:${controller}`],
      ...names.map((name, index) => `${name}://127.0.0.1:${doors[index]}`),
    ];
    const shown = others.map(([name, { cert, key }], index) => {
      const path = join(folder, `${name}-of-kafka.pem`);
      writeFileSync(path, [key, cert].map((part) => readFileSync(part, "utf8")).join("\n"));
      return [`listener.name.door${index}.ssl.keystore.location`, path];
    });
    const server = await startKafka({
      ...{ binary, dataDir: join(folder, "kafka"), ports: [client, controller], tls: files },
      properties: {
        listeners: listeners.join(","),
        "listener.security.protocol.map": ["CLIENTS", "CONTROLLER", ...names]
          .map((name) => `${name}:SSL`)
          .join(","),
        ...Object.fromEntries(shown),
      },
    });
    const at = others.map(([name], index) => [name, `127.0.0.1:${doors[index]}`]);
    return {
      addresses: { [first]: server.endpoint, ...Object.fromEntries(at) },
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
  Postgres: async (folder, certificates) => {
    const binary = await binaryOf("postgres");
    return oneForEach(certificates, (name, tls) =>
      startPostgres({ binary, dataDir: join(folder, `postgres-${name}`), tls }),
    );
  },
  Redis: async (folder, certificates) => {
    const binary = await binaryOf("redis");
    const start: StartOne = (name, tls) =>
      startRedis({ binary, dataDir: join(folder, `redis-${name}`), tls });
    return oneForEach(certificates, onReplacedFiles(certificates[0], start));
  },
  S3: async (folder, certificates) => {
    const binary = await binaryOf("versitygw");
    const start: StartOne = (name, tls) =>
      startS3({ binary, dataDir: join(folder, `s3-${name}`), tls });
    return oneForEach(certificates, onReplacedFiles(certificates[0], start));
  },
};

type Started = AsyncDisposable & {
  readonly port: number;
  readonly process: ServerProcess;
} & Partial<S3Keys>;

type StartOne = (name: string, files: Files) => Promise<Started>;

async function oneForEach(certificates: Certificates, start: StartOne): Promise<RealStore> {
  const all = new Map<string, Started>();
  for (const [name, files] of certificates) all.set(name, await start(name, files));
  const at = [...all].map(([name, { port }]) => [name, `127.0.0.1:${port}`]);
  const { accessKeyId, secretAccessKey } = all.get(certificates[0][0]) ?? {};
  return {
    addresses: Object.fromEntries(at),
    ...(accessKeyId !== undefined &&
      secretAccessKey !== undefined && { keys: { accessKeyId, secretAccessKey } }),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...all.values()].map((server) => server[Symbol.asyncDispose]()));
    },
  };
}

/**
 * Starts with the good certificate, since what does not believe itself is not taken for ready, and
 * once more on files that were replaced.
 */
function onReplacedFiles([, good]: Named, start: StartOne): StartOne {
  return async (name, files) => {
    const shown = { cert: `${files.cert}.shown`, key: `${files.key}.shown`, ca: files.ca };
    replace(shown, good);
    const server = await start(name, shown);
    if (files === good) return server;
    replace(shown, files);
    await server.process.restart({ wait: false });
    await until("it listens again", () => listens(server.port));
    return server;
  };
}

/** Puts the content of `from` where `to` lies. */
export function replace(to: Files, from: Files): void {
  for (const part of ["cert", "key"] as const) writeFileSync(to[part], readFileSync(from[part]));
}

async function listens(port: number): Promise<boolean> {
  const socket = connect({ port, host: "127.0.0.1" });
  const connected = await once(socket, "connect").then(
    () => true,
    () => false,
  );
  socket.destroy();
  return connected;
}
