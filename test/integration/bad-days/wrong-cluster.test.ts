import { describe, expect, test } from "vitest";
import { type EtcdServer, etcdMissing, startEtcd } from "../etcd-server.ts";
import { codeOf, freshRegion, Region } from "../region.ts";
import { until } from "../until.ts";

describe.skipIf(etcdMissing !== undefined)("the wrong etcd behind the name of a shard", () => {
  test("another cluster on the port of one that died: nothing is written, and the right one goes on", async () => {
    await using right = await startEtcd();
    await using region = await freshRegion(right.url);
    const grant = await region.grant("lock", { ttlMs: 60_000 });
    const [member] = right.cluster.members;
    await member?.kill("SIGKILL");
    {
      const { client } = right.cluster.ports;
      const peer = [(right.cluster.ports.peer[0] ?? 0) + 1];
      await using wrong = await startEtcd({ ports: { client, peer } });
      const message = expect.stringContaining("another etcd answers at");
      await until("it is noticed", async () => {
        const outcome = await region.acquire("lock", { ttlMs: 60_000 });
        return outcome.kind === "failure" && outcome.message.includes("another etcd");
      });
      const refused = { code: "SHARD_UNAVAILABLE", shard: "here/s0", message };
      expect(await region.acquire("other", { ttlMs: 5_000 })).toMatchObject(refused);
      expect(await region.release(grant)).toMatchObject(refused);
      await expect(region.open()).rejects.toThrow("another etcd");
      expect(await contents(wrong)).toEqual({ keys: [], revision: 1n });
    }
    await member?.restart();
    await until("the right one is back", async () => {
      return codeOf(await region.acquire("lock", { ttlMs: 60_000 })) === "held";
    });
    expect(codeOf(await region.release(grant))).toBe("released");
  });

  test("shards that were swapped in the configuration: every call is refused, nothing is written", async () => {
    await using s0 = await startEtcd();
    await using s1 = await startEtcd();
    await using right = await new Region({ urls: [s0.url, s1.url] }).start();
    const session = await right.open();
    const { lease } = await right.grant("lock", { session });
    await using swapped = new Region({ urls: [s1.url, s0.url] });
    await swapped.locals.start();
    await refusesEverything(swapped, [s0, s1], "says it is shard s");
    // To call the lease lost, for want of it in the other shard, would end the client's locks.
    const beat = { kind: "heartbeat", session, ttlMs: 60_000, list: false } as const;
    expect(await swapped.execute({ ...beat, leases: [lease] })).toMatchObject({
      code: "SHARD_UNAVAILABLE",
    });
    expect(await right.execute({ ...beat, leases: [lease] })).toMatchObject({
      leases: expect.arrayContaining([expect.objectContaining({ lease, unknown: false })]),
    });
  });

  test("a shard of another installation: every call is refused, nothing is written", async () => {
    await using etcd = await startEtcd();
    await using _ = await new Region({ urls: [etcd.url], cluster: "production" }).start();
    await using lost = new Region({ urls: [etcd.url], cluster: "staging" });
    await lost.locals.start();
    await refusesEverything(lost, [etcd], "says it is shard s0 of region here of production");
    expect(await lost.publish()).toMatchObject({ code: "SHARD_UNAVAILABLE" });
  });

  test("a shard that lost everything: refused until it is published to, then tokens go on rising", async () => {
    await using kept = await startEtcd();
    await using wiped = await startEtcd();
    await using region = await new Region({ urls: [kept.url, wiped.url] }).start();
    const [here, there] = [region.nameIn(0), region.nameIn(1)];
    const session = await region.open();
    const untouched = await region.grant(here, { session });
    const before = await region.grant(there, { ttlMs: 60_000 });
    // As after a new disk: the same cluster id, nothing in it, and revisions from the beginning.
    await wiped.cluster.members[0]?.wipe();
    await wiped.cluster.members[0]?.restart();
    await until("it is refused for what it is", async () => {
      const outcome = await region.acquire(there, { ttlMs: 60_000 });
      return outcome.kind === "failure" && outcome.message.includes("does not say what it is");
    });
    expect(await region.keys("x/", 1)).toEqual([]);
    expect((await region.state(here)).holders).toMatchObject([{ token: untouched.token }]);

    expect(await region.publish()).toBeUndefined();
    await until(
      "it is back",
      async () => {
        const outcome = await region.acquire(there, { ttlMs: 60_000 });
        if (outcome.kind !== "granted") return false;
        expect(outcome.grant.token).toBeGreaterThan(before.token);
        return true;
      },
      15_000,
    );
    expect(codeOf(await region.release(untouched, session))).toBe("released");
  });
});

async function refusesEverything(region: Region, etcds: readonly EtcdServer[], why: string) {
  const before = await Promise.all(etcds.map(contents));
  const message = expect.stringContaining(why);
  const refused = { code: "SHARD_UNAVAILABLE", message };
  expect(await region.acquire("one", { ttlMs: 10_000 })).toMatchObject(refused);
  expect(await region.acquire("two", { ttlMs: 10_000, waitMs: 1_000 })).toMatchObject(refused);
  await expect(region.open()).rejects.toThrow(why);
  expect(await region.list()).toMatchObject(refused);
  expect(await Promise.all(etcds.map(contents))).toEqual(before);
}

/** All keys of an etcd and its revision. */
async function contents({ url }: EtcdServer) {
  await using region = new Region({ urls: [url] });
  const reply = await region.store().range({ kind: "range", key: " ", rangeEnd: "\x7f" });
  if (reply.kind !== "read") throw new Error(reply.message);
  return { keys: reply.range.kvs.map(({ key }) => key), revision: reply.revision };
}
