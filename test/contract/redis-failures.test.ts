import { RedisCache } from "@holdfast/adapter-redis/redis-cache";
import { cacheLimits } from "@holdfast/engine/ports/cache";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { TcpRelay } from "../relay/tcp-relay.ts";
import { answering, mark, standing, value, write } from "./caches.ts";
import { type RedisUnderTest, redisMissing, startRedisUnderTest } from "./redis-under-test.ts";

describe.skipIf(redisMissing !== undefined)("a Redis that fails", () => {
  let redis: RedisUnderTest;
  beforeAll(async () => {
    redis = await startRedisUnderTest();
  });
  afterAll(() => redis?.[Symbol.asyncDispose]());
  beforeEach(async () => {
    await redis.direct.flushall();
  });

  async function open(budgetMs = 5_000) {
    const cache = redis.openCache(budgetMs);
    await answering(cache);
    return cache;
  }

  it("is unavailable at once where nothing listens, and there once it does", async () => {
    const cache = await open();
    await redis.server.process.kill();
    await gone(cache);
    const began = performance.now();
    expect(await cache.write([mark("a", 1n)])).toMatchObject({ kind: "unavailable" });
    expect(await cache.read(["a"])).toMatchObject({ kind: "unavailable" });
    expect(performance.now() - began).toBeLessThan(1_000);
    await redis.server.process.restart();
    await answering(cache);
    // What it was told meanwhile it was told in vain.
    expect(await standing(cache, "a")).toEqual([undefined]);
  });

  it("that is frozen costs no more than the budget, and is found again when it thaws", async () => {
    const cache = await open(50);
    await write(cache, value("a", 1n, "one"));
    await redis.server.process.kill("SIGSTOP");
    try {
      for (let call = 0; call < 5; call++) {
        const began = performance.now();
        expect(await cache.read(["a"])).toMatchObject({ kind: "unavailable" });
        // The budget is 50 ms; the rest is what a busy machine may add.
        expect(performance.now() - began).toBeLessThan(1_000);
      }
    } finally {
      await redis.server.process.kill("SIGCONT");
    }
    await answering(cache);
  });

  it("that is slow is not waited for, and its late answers are nobody's", async () => {
    await using relay = await TcpRelay.start(redis.server.port);
    const cache = new RedisCache({ url: `redis://127.0.0.1:${relay.port}` });
    try {
      await answering(cache);
      const direct = await open();
      await write(direct, value("a", 1n, "of a"), value("b", 1n, "of b"));
      relay.shape("toClient", { latencyMs: 300 });
      for (const key of ["a", "b", "a", "b"]) {
        const began = performance.now();
        expect(await cache.read([key])).toMatchObject({ kind: "unavailable" });
        // The budget is 50 ms; the rest is what a busy machine may add.
        expect(performance.now() - began).toBeLessThan(1_000);
      }
      relay.shape("toClient", { latencyMs: 0 });
      await answering(cache);
      for (const key of ["a", "b", "a", "b"]) {
        expect(await standing(cache, key)).toEqual([`1 of ${key}`]);
      }
    } finally {
      cache.close();
    }
  });

  it("that wants another password is unavailable, and told without the one that was tried", async () => {
    const told: string[] = [];
    const openWith = (password: string) =>
      new RedisCache({
        url: `redis://:${password}@127.0.0.1:${redis.server.port}`,
        budgetMs: 5_000,
        onConnection: (state, message) => told.push(`${state}: ${message}`),
      });
    await redis.direct.config("SET", "requirepass", "open-sesame");
    const [right, wrong] = [openWith("open-sesame"), openWith("hunter2")];
    try {
      await answering(right);
      expect(await wrong.read(["a"])).toMatchObject({ kind: "unavailable" });
      await expect.poll(() => told.join("\n")).toMatch(/lost: .*WRONGPASS/);
      expect(told.join("\n")).not.toContain("hunter2");
    } finally {
      for (const cache of [right, wrong]) cache.close();
      await redis.direct.config("SET", "requirepass", "");
    }
  });

  it("takes nothing for an entry that was not written as one, and writes over it", async () => {
    const cache = await open();
    const head = "9".repeat(19).padStart(20, "0");
    const tooLong = `${head}1${"x".repeat(cacheLimits.valueBytesMax + 1)}`;
    await redis.direct
      .multi()
      .rpush("list", "a")
      .set("text", "no entry", "PX", 5_000)
      .set("short", "12", "PX", 5_000)
      .set("past 64 bits", `${"9".repeat(20)}1x`, "PX", 5_000)
      .set("mark with a value", `${"1".padStart(20, "0")}0x`, "PX", 5_000)
      .set("endless", `${head}1x`)
      .set("of a year", `${head}0`, "EX", 31_536_000)
      .set("too long", tooLong, "PX", 5_000)
      .exec();
    const keys = ["list", "text", "short", "endless", "of a year"];
    expect(await standing(cache, ...keys)).toEqual(keys.map(() => undefined));
    expect(await write(cache, ...keys.map((key) => value(key, 1n, "true")))).toBe(0);
    expect(await standing(cache, ...keys)).toEqual(keys.map(() => "1 true"));
    const others = ["past 64 bits", "mark with a value", "too long"];
    expect(await standing(cache, ...others)).toEqual(others.map(() => undefined));
  });

  it("that takes no writes says so", async () => {
    const cache = await open();
    await redis.direct.config("SET", "maxmemory", "1");
    const reply = await cache.write([mark("a", 1n)]);
    await redis.direct.config("SET", "maxmemory", "0");
    expect(reply).toMatchObject({
      kind: "unavailable",
      message: expect.stringMatching(/OOM|memory/),
    });
  });

  it("that forgot its scripts is no trouble", async () => {
    const cache = await open();
    await write(cache, mark("a", 1n));
    await redis.direct.script("FLUSH");
    expect(await write(cache, mark("a", 2n))).toBe(0);
    expect(await standing(cache, "a")).toEqual(["2!"]);
  });
});

/** Waits until the cache has noticed that its Redis is gone. */
async function gone(cache: Awaited<ReturnType<RedisUnderTest["openCache"]>>): Promise<void> {
  while ((await cache.read([])).kind === "read") {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
