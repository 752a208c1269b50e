import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { findTool } from "@holdfast/toolchain/find-tool";
import { freePorts } from "@holdfast/toolchain/free-ports";
import { Redis } from "ioredis";
import type { ServerSet, ServersResult } from "./server-set.ts";
import { eventually, spawnServer } from "./spawn-server.ts";

/** Independent Redis servers, each on the same disk. */
export interface RedisServers extends ServerSet {
  readonly ports: readonly number[];
}

/**
 * Starts three with `appendfsync always`: without it a lock that was granted is forgotten in a
 * power cut, and there would be nothing to compare with a store that writes before it answers.
 */
export async function startRedis(folder: string): Promise<ServersResult<RedisServers>> {
  const tool = await findTool("redis", { progress: (step) => console.error(`  ${step.message}`) });
  if (tool.kind === "missing") return tool;
  const ports = await freePorts(3);
  const servers = ports.map((port) => {
    const dir = join(folder, String(port));
    mkdirSync(dir, { recursive: true });
    const args = [
      ...["--port", String(port), "--bind", "127.0.0.1", "--dir", dir, "--save", ""],
      ...["--appendonly", "yes", "--appendfsync", "always"],
    ];
    return spawnServer(tool.path, args, { logPath: join(dir, "log") });
  });
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.stop()));
  };
  try {
    await Promise.all(ports.map((port) => eventually(() => ping(port), 10_000)));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    kind: "started",
    version: tool.version,
    pids: () => servers.map((server) => server.pid),
    ports,
    stop,
  };
}

async function ping(port: number): Promise<void> {
  const client = new Redis({
    host: "127.0.0.1",
    port,
    lazyConnect: true,
    retryStrategy: () => null,
  });
  // Its errors come back from the calls; without a listener each is printed as well.
  client.on("error", () => {});
  try {
    await client.connect();
    await client.ping();
  } finally {
    client.disconnect();
  }
}
