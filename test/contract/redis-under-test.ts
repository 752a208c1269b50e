import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RedisCache } from "@holdfast/adapter-redis/redis-cache";
import { findTool } from "@holdfast/toolchain/find-tool";
import { type RedisServer, startRedis } from "@holdfast/toolchain/redis-process";
import { Redis } from "ioredis";

/** A Redis of the suite's own. */
export interface RedisUnderTest extends AsyncDisposable {
  readonly server: RedisServer;
  readonly url: string;
  /** Past the cache, to look and to lie. */
  readonly direct: Redis;
  /** A cache in it; closed with the server. */
  openCache(budgetMs?: number): RedisCache;
}

const found = await findTool("redis");

/** Why there is no Redis to test against; undefined if there is one. */
export const redisMissing = found.kind === "found" ? undefined : found.reason;
if (redisMissing !== undefined) console.warn(`skipped, for want of a Redis: ${redisMissing}`);

/** Starts a Redis that keeps nothing. */
export async function startRedisUnderTest(): Promise<RedisUnderTest> {
  if (found.kind !== "found") throw new Error(found.reason);
  const dataDir = mkdtempSync(join(tmpdir(), "holdfast-redis-"));
  const server = await startRedis({ binary: found.path, dataDir });
  const url = `redis://127.0.0.1:${server.port}`;
  const direct = new Redis(url);
  direct.on("error", () => {});
  const caches: RedisCache[] = [];
  return {
    server,
    url,
    direct,
    openCache(budgetMs) {
      const cache = new RedisCache({ url, ...(budgetMs === undefined ? {} : { budgetMs }) });
      caches.push(cache);
      return cache;
    },
    [Symbol.asyncDispose]: async () => {
      for (const cache of caches) cache.close();
      direct.disconnect();
      await server.process.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
