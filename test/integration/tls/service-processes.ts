import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePorts } from "@holdfast/toolchain/free-ports";
import { ServerProcess } from "@holdfast/toolchain/server-process";
import type { Files } from "./certificates.ts";

const root = new URL("../../../", import.meta.url);

/** A port of a service that runs, and which protocol it speaks. */
export interface ServicePort {
  readonly service: string;
  readonly speaks: "grpc" | "http";
  readonly port: number;
}

/** A service as it is run, whose ports are open. */
export interface ServiceProcess extends AsyncDisposable {
  readonly ports: readonly ServicePort[];
  log(): string;
}

/**
 * Starts a service with certificates. It need not be ready: some wait for a store that is not
 * there, and their ports are to be closed to strangers all the same.
 */
export async function startService(
  service: string,
  folder: string,
  certificates: Files,
  env: (door: string) => Readonly<Record<string, string>>,
): Promise<ServiceProcess> {
  const [door = 0, metrics = 0] = await freePorts(2);
  const settings = env(`127.0.0.1:${door}`);
  const hasDoor = Object.values(settings).includes(`127.0.0.1:${door}`);
  const ports: ServicePort[] = [
    ...(hasDoor ? [{ service, speaks: "grpc" as const, port: door }] : []),
    { service, speaks: "http", port: metrics },
  ];
  const logPath = join(folder, `${service}-${door}.log`);
  const process_ = new ServerProcess({
    title: service,
    file: process.execPath,
    args: [fileURLToPath(new URL(`services/${service}/src/main.ts`, root))],
    env: {
      HOLDFAST_CLUSTER: "test",
      HOLDFAST_REGION: "us-east-1",
      HOLDFAST_METRICS_LISTEN: `127.0.0.1:${metrics}`,
      HOLDFAST_TLS_CERT: certificates.cert,
      HOLDFAST_TLS_KEY: certificates.key,
      HOLDFAST_TLS_CA: certificates.ca,
      ...settings,
    },
    logPath,
    isReady: async () => (await Promise.all(ports.map(({ port }) => listens(port)))).every(Boolean),
    startTimeoutMs: 90_000,
    stopGraceMs: 6_000,
  });
  process_.start();
  if (!(await process_.waitReady())) throw new Error(process_.describeFailure());
  return {
    ports,
    log: () => readFileSync(logPath, "utf8"),
    // Nothing of it is worth waiting for.
    [Symbol.asyncDispose]: () => process_.kill("SIGKILL"),
  };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
