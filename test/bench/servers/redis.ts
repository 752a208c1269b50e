import { join } from "node:path";
import { findTool } from "@holdfast/toolchain/find-tool";
import { type RedisServer, startRedis as startOne } from "@holdfast/toolchain/redis-process";
import type { ServerSet, ServersResult } from "./server-set.ts";

/** Independent Redis servers, each on the same disk. */
export interface RedisServers extends ServerSet {
  readonly ports: readonly number[];
}

const count = 3;

/**
 * Starts three with `appendfsync always`: without it a lock that was granted is forgotten in a
 * power cut, and there would be nothing to compare with a store that writes before it answers.
 */
export async function startRedis(folder: string): Promise<ServersResult<RedisServers>> {
  const tool = await findTool("redis", { progress: (step) => console.error(`  ${step.message}`) });
  if (tool.kind === "missing") return tool;
  const servers: RedisServer[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.process.kill()));
  };
  try {
    for (let i = 0; i < count; i++) {
      const dataDir = join(folder, String(i));
      servers.push(await startOne({ binary: tool.path, dataDir, durability: "always" }));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    kind: "started",
    version: tool.version,
    pids: () => servers.flatMap((server) => server.process.pid ?? []),
    ports: servers.map((server) => server.port),
    stop,
  };
}
