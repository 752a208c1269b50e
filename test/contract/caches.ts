import { SystemClock } from "@holdfast/base/clock";
import { MemoryCache } from "@holdfast/engine/memory/memory-cache";
import type { Cache, CacheEntry, CacheWrite } from "@holdfast/engine/ports/cache";
import { expect } from "vitest";
import { redisMissing, startRedisUnderTest } from "./redis-under-test.ts";

/** A cache the contract is held against. */
export interface CacheUnderTest extends AsyncDisposable {
  readonly cache: Cache;
  /** Forgets everything. */
  flush(): Promise<void>;
}

/** Every implementation of the port, by name. */
export const caches: readonly {
  readonly name: string;
  /** Why it cannot be tested here. */
  readonly missing: string | undefined;
  readonly start: () => Promise<CacheUnderTest>;
}[] = [
  { name: "the memory cache", missing: undefined, start: startMemory },
  { name: "Redis", missing: redisMissing, start: startReal },
];

async function startMemory(): Promise<CacheUnderTest> {
  const cache = new MemoryCache(new SystemClock());
  return {
    cache,
    flush: async () => cache.flush(),
    [Symbol.asyncDispose]: async () => {},
  };
}

/** Longer than a machine that is busy keeps an answer back. */
const patientMs = 5_000;

async function startReal(): Promise<CacheUnderTest> {
  const redis = await startRedisUnderTest();
  const cache = redis.openCache(patientMs);
  await answering(cache);
  return {
    cache,
    flush: async () => {
      await redis.direct.flushall();
    },
    [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
  };
}

/** Waits until the cache has its connection. */
export async function answering(cache: Cache): Promise<void> {
  const endMs = performance.now() + 10_000;
  while ((await cache.read([])).kind !== "read") {
    if (performance.now() > endMs) throw new Error("the cache never answered");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A value to write, of ten seconds. */
export function value(key: string, revision: bigint, text: string): CacheWrite {
  return { key, revision, value: Buffer.from(text), ttlMs: 10_000 };
}

/** A mark to write, of ten seconds. */
export function mark(key: string, revision: bigint): CacheWrite {
  return { key, revision, ttlMs: 10_000 };
}

/** What stands under the keys, a value as text. */
export async function standing(cache: Cache, ...keys: string[]): Promise<(string | undefined)[]> {
  const reply = await cache.read(keys);
  if (reply.kind !== "read") throw new Error(reply.message);
  return reply.entries.map((entry) => entry && printEntry(entry));
}

/** Writes; all that is answered but `written` is a failed test. How many were outrun. */
export async function write(cache: Cache, ...entries: CacheWrite[]): Promise<number> {
  const reply = await cache.write(entries);
  expect(reply.kind).toBe("written");
  return reply.kind === "written" ? reply.outrun : 0;
}

function printEntry({ revision, value: bytes }: CacheEntry): string {
  return bytes === undefined ? `${revision}!` : `${revision} ${Buffer.from(bytes).toString()}`;
}
