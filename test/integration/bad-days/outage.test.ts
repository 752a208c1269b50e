import { isEtcdHealthy } from "@holdfast/toolchain/etcd-health";
import { freePorts } from "@holdfast/toolchain/free-ports";
import { describe, expect, test } from "vitest";
import { etcdMissing, startEtcd } from "../etcd-server.ts";
import { codeOf, grantIn, Region } from "../region.ts";
import { until } from "../until.ts";

describe.skipIf(etcdMissing !== undefined)("an etcd that cannot be reached", () => {
  test("at the start: everything says so, and works without a restart once it is there", async () => {
    const [client, peer] = await freePorts(2);
    const url = `http://127.0.0.1:${client}`;
    await using region = new Region({ urls: [url] });
    await region.locals.start();
    const refused = await region.acquire("lock", { ttlMs: 10_000 });
    expect(refused).toMatchObject({ code: "SHARD_UNAVAILABLE", retryAfterMs: 1_000 });
    await expect(region.open()).rejects.toThrow("SHARD_UNAVAILABLE");

    await using _ = await startEtcd({ ports: { client: [client ?? 0], peer: [peer ?? 0] } });
    // The placement service is another process, and tries until it succeeds.
    await until("published", async () => (await region.publish()) === undefined, 10_000);
    await until("granted", async () => {
      return codeOf(await region.acquire("lock", { ttlMs: 10_000 })) === "granted";
    });
  });

  test("later: its locks fail, those of the other shard go on, and nothing is lost", async () => {
    await using lost = await startEtcd();
    await using other = await startEtcd();
    const urls = [lost.url, other.url];
    await using region = await new Region({ urls, deadlineMs: 2_000 }).start();
    const [here, there] = [region.nameIn(0), region.nameIn(1)];
    const session = await region.open();
    const grant = await region.grant(here, { session });
    const elsewhere = await region.grant(there, { session });
    const waiter = region.acquire(here, { session, waitMs: 60_000 });
    await region.inLine(here, 1);
    const keysBefore = (await region.keys("x/")).map(({ key }) => key);

    const [member] = lost.cluster.members;
    await member?.kill("SIGKILL");
    const outcomes = {
      acquire: await region.acquire(here, { session }),
      release: await region.release(grant, session),
      get: await region.execute({ kind: "get", lock: grant.lock }),
    };
    for (const [kind, outcome] of Object.entries(outcomes)) {
      expect(outcome, kind).toMatchObject({
        code: expect.stringMatching(/^(SHARD_UNAVAILABLE|UNKNOWN_OUTCOME)$/),
        shard: "here/s0",
      });
    }
    const beat = await region.execute({
      kind: "heartbeat",
      session,
      ttlMs: 60_000,
      leases: [grant.lease, elsewhere.lease],
      list: false,
    });
    // Neither confirmed nor lost; and the other one confirmed.
    expect(beat).toMatchObject({
      leases: [
        { lease: { shard: "s0" }, unknown: true },
        { lease: { shard: "s1" }, unknown: false, validForMs: expect.any(Number) },
      ],
    });
    expect(codeOf(await region.release(elsewhere, session))).toBe("released");
    expect(codeOf(await region.acquire(there, { session }))).toBe("granted");

    await member?.restart();
    await until("it answers", async () => {
      return codeOf(await region.acquire(here, { session })) === "held";
    });
    expect((await region.keys("x/")).map(({ key }) => key)).toEqual(keysBefore);
    expect(codeOf(await region.release(grant, session))).toBe("released");
    expect(grantIn(await waiter).token).toBeGreaterThan(grant.token);
  });

  test("frozen: what was under way is unknown, and its repeat finds what came of it", async () => {
    await using etcd = await startEtcd();
    await using region = await new Region({ urls: [etcd.url], deadlineMs: 1_000 }).start();
    const session = await region.open();
    const [member] = etcd.cluster.members;
    await member?.kill("SIGSTOP");
    // The signal takes effect when the system comes to it.
    await until("it is frozen", async () => !(await isEtcdHealthy(etcd.url, 200)));
    const requests = ["a", "b", "c"].map((name) => ({
      name,
      request: { session, requestId: `request-${name}` as never },
    }));
    const lost = await Promise.all(
      requests.map(({ name, request }) => region.acquire(name, request)),
    );
    expect(lost.map(codeOf)).toEqual(requests.map(() => "UNKNOWN_OUTCOME"));
    await member?.kill("SIGCONT");
    for (const { name, request } of requests) {
      await until(`${name} is granted`, async () => {
        return codeOf(await region.acquire(name, request)) === "granted";
      });
    }
    expect((await region.keys("x/")).length).toBe(3);
  });
});
