import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Holdfast } from "@holdfast/client/holdfast";
import { lockEntryKey } from "@holdfast/engine/cache-keys";
import { eventsTopic } from "@holdfast/engine/event-record";
import type { CacheEntry } from "@holdfast/engine/ports/cache";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type KafkaUnderTest,
  kafkaMissing,
  startKafkaUnderTest,
} from "../../contract/kafka-under-test.ts";
import {
  type RedisUnderTest,
  redisMissing,
  startRedisUnderTest,
} from "../../contract/redis-under-test.ts";
import type { DrillProcess } from "../../drills/drill-process.ts";
import { serviceProcess } from "../../drills/service-process.ts";
import { type EtcdServer, etcdMissing, startEtcd } from "../etcd-server.ts";
import { linesOf } from "../log-lines.ts";
import { Region } from "../region.ts";
import { until } from "../until.ts";
import { CachedView } from "./cached-view.ts";
import { type RouterProcess, startRouter } from "./router-process.ts";

const missing = etcdMissing ?? redisMissing ?? kafkaMissing;
/** Far below what an answer may be old: somebody must have told the cache. */
const toldMs = 2_500;

describe.skipIf(missing !== undefined)("a journal as a process, beside routers that cache", () => {
  const ends: (() => unknown)[] = [];
  let redis: RedisUnderTest;
  let journal: DrillProcess;
  /** Reads by way of the cache; all changes go through another router. */
  let view: CachedView;
  let changing: Holdfast;

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-cached-"));
    ends.push(() => rmSync(folder, { recursive: true, force: true }));
    const [etcd, kafka] = await startServers();
    await using region = new Region({ urls: [etcd.url] });
    expect(await region.publish()).toBeUndefined();
    const settings = {
      HOLDFAST_CLUSTER: "test",
      HOLDFAST_REGION: "here",
      HOLDFAST_SHARDS: `s0=${etcd.url}`,
      HOLDFAST_KAFKA: kafka.broker.endpoint,
      HOLDFAST_REDIS: redis.url,
    };
    journal = serviceProcess({ service: "journal", name: "journal", env: settings, folder });
    ends.push(() => journal.kill());
    const routers = [startedRouter(etcd.url), startedRouter(etcd.url)] as const;
    const [one, other] = await Promise.all([...routers, journal.start()]);
    view = new CachedView(await connected(one));
    changing = await connected(other);
  }, 120_000);
  afterAll(async () => {
    for (const end of ends.reverse()) await end();
  });

  async function startServers(): Promise<readonly [EtcdServer, KafkaUnderTest]> {
    const kept = async <Server extends AsyncDisposable>(starting: Promise<Server>) => {
      const server = await starting;
      ends.push(() => server[Symbol.asyncDispose]());
      return server;
    };
    const kafka = kept(startKafkaUnderTest());
    redis = await kept(startRedisUnderTest());
    const etcd = await kept(startEtcd());
    await (await kafka).createTopic(eventsTopic, 1);
    return [etcd, await kafka];
  }

  async function startedRouter(etcd: string): Promise<RouterProcess> {
    const router = await startRouter(etcd, { HOLDFAST_REDIS: redis.url });
    ends.push(() => router[Symbol.asyncDispose]());
    return router;
  }

  async function connected({ endpoint }: RouterProcess): Promise<Holdfast> {
    const holdfast = await Holdfast.connect({ endpoints: [endpoint], owner: "test" });
    ends.push(() => holdfast.close());
    return holdfast;
  }

  /** The middle one of a few changes, each read from the cache before. */
  async function usualLag(name: string): Promise<number> {
    const lags: number[] = [];
    for (let round = 0; round < 3; round++) {
      await view.answersFromCache(name, 0);
      const lock = await changing.acquire(name);
      lags.push(await view.lagOf(name, 1));
      await view.answersFromCache(name, 1);
      await lock.release();
      lags.push(await view.lagOf(name, 0));
    }
    return lags.sort((left, right) => left - right)[lags.length >> 1] ?? 0;
  }

  test("a change through another router shows at once", async () => {
    const lagMs = await usualLag("told");
    console.log(`cached reads, told by a journal: a change shows after ${lagMs.toFixed(0)} ms`);
    expect(lagMs).toBeLessThan(toldMs);
  });

  test("what was read before a change and comes late to the cache does not stand there", async () => {
    const of = { cluster: "test", region: "here", shard: "s0" };
    const key = lockEntryKey(of, { namespace: "default", name: "late" });
    await view.answersFromCache("late", 0);
    const cache = redis.openCache();
    let before: CacheEntry | undefined;
    await until("the answer is in the cache", async () => {
      const reply = await cache.read([key]);
      before = reply.kind === "read" ? reply.entries[0] : undefined;
      return before?.value !== undefined;
    });
    const lock = await changing.acquire("late");
    await view.lagOf("late", 1);
    expect(await cache.write([{ revision: 0n, ...before, key, ttlMs: 5_000 }])).toEqual({
      kind: "written",
      outrun: 1,
    });
    expect(await view.get("late")).toMatchObject({ holderCount: 1 });
    await lock.release();
    await view.lagOf("late", 0);
  });

  test("Redis is killed: reads stay right, and once it is back changes show at once", async () => {
    await view.answersFromCache("killed", 0);
    await redis.server.process.kill();
    const lock = await changing.acquire("killed");
    expect(await view.get("killed")).toMatchObject({ holderCount: 1 });
    await redis.server.process.restart();
    await view.answersFromCache("killed", 1);
    await lock.release();
    await view.lagOf("killed", 0);
    const said = () => linesOf(journal.logPath).map(({ action }) => action);
    await until("the journal has its cache again", () => {
      return said().includes("cache-lost") && said().at(-1) === "cache-connected";
    });
    expect(await usualLag("killed")).toBeLessThan(toldMs);
  });

  test("the journal is killed: an answer is five seconds old at the most, until one is back", async () => {
    await journal.kill();
    await view.answersFromCache("untold", 0);
    const lock = await changing.acquire("untold");
    const starting = journal.start();
    const lagMs = await view.lagOf("untold", 1);
    console.log(`cached reads, the journal dead: a change shows after ${lagMs.toFixed(0)} ms`);
    await lock.release();
    await starting;
    await view.lagOf("untold", 0);
    // The shard is another journal's as soon as the lease of the dead one ends.
    await until("changes show at once", async () => (await usualLag("untold")) < toldMs, 20_000);
  }, 40_000);
});
