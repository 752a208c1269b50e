import { setTimeout as sleep } from "node:timers/promises";
import type { SessionId } from "@holdfast/base/ids";
import type { SessionLease } from "@holdfast/core/command/command";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type EtcdServer, etcdMissing, startEtcd } from "../etcd-server.ts";
import { packed } from "../packed.ts";
import { codeOf, freshRegion, type Region } from "../region.ts";

describe.skipIf(etcdMissing !== undefined)("sessions that are not there", () => {
  let etcd: EtcdServer;
  beforeAll(async () => {
    etcd = await startEtcd();
  });
  afterAll(() => etcd?.[Symbol.asyncDispose]());

  test("one that was never given out: expired for every call, and nothing comes of it", async () => {
    await using region = await freshRegion(etcd.url);
    const session = "AAAAAAAAAAAAAAAAAAAAAA" as SessionId;
    const other = await region.open();
    const grant = await region.grant("held", { session: other });
    const before = await region.keys("v/");
    for (const waitMs of [0, 5_000]) {
      const outcome = await region.acquire("lock", { session, waitMs });
      expect(outcome).toMatchObject({ code: "SESSION_EXPIRED", shard: "here/s0" });
      // The id is a secret: whoever reads a log must not be able to use it.
      expect(outcome).toMatchObject({ message: expect.not.stringContaining(session) });
    }
    expect(codeOf(await beat(region, session))).toBe("SESSION_EXPIRED");
    // A stranger that names somebody's lease confirms nothing, and learns nothing of it.
    expect(await beat(region, session, [grant.lease])).toMatchObject({
      leases: [{ validForMs: 0, unknown: false }],
    });
    expect(codeOf(await region.release({ ...grant, token: grant.token + 1n }, session))).toBe(
      "NOT_HELD",
    );
    const close = { kind: "close-session", session, leases: [grant.lease] } as const;
    expect((await region.execute(close)).kind).toBe("closed");
    expect(await region.keys("v/")).toEqual(before);
    expect((await region.state("held")).holders).toMatchObject([{ token: grant.token }]);
  });

  test("one whose lease vanishes in mid-batch: expired, its locks free, its neighbours granted", async () => {
    await using region = await freshRegion(etcd.url, { inFlightMax: 1 });
    const neighbour = await region.open();
    const session = await region.open();
    const held = await region.grant("held", { session });
    const wanted = region.acquire("held", { session: neighbour, waitMs: 10_000 });
    await region.inLine("held", 1);
    const tries = Array.from({ length: 50 }, (_, index) => () => {
      return region.acquire(`lock-${index}`, { session: index % 2 === 0 ? neighbour : session });
    });
    const answers = await packed(region, tries, async () => {
      await region.store().revokeLease(held.lease.leaseId);
    });
    const outcomes = await Promise.all(answers);
    expect(outcomes.map(codeOf)).toEqual(
      tries.map((_, index) => (index % 2 === 0 ? "granted" : "SESSION_EXPIRED")),
    );
    expect((await wanted).kind).toBe("granted");
    expect(codeOf(await region.release(held, session))).toBe("NOT_HELD");
    expect(await beat(region, session, [held.lease])).toMatchObject({
      leases: [{ validForMs: 0, unknown: false }],
    });
    expect(await beat(region, neighbour)).toMatchObject({
      leases: [{ validForMs: expect.any(Number), unknown: false }],
    });
  });

  test("one that ran out: its grants are gone, and a late heartbeat does not bring them back", async () => {
    await using region = await freshRegion(etcd.url);
    const session = await region.open(2_000);
    const held = await region.grant("held", { session });
    const other = await region.open();
    const next = region.acquire("held", { session: other, waitMs: 20_000 });
    const nowMs = performance.now();
    expect((await next).kind).toBe("granted");
    // Never before its ttl, however the clocks stand.
    expect(performance.now() - nowMs).toBeGreaterThan(1_500);
    expect(await beat(region, session, [held.lease])).toMatchObject({
      leases: [{ validForMs: 0, unknown: false }],
    });
    await sleep(100);
    expect((await region.keys("x/")).length).toBe(1);
    expect(codeOf(await region.acquire("new", { session }))).toBe("SESSION_EXPIRED");
  });
});

function beat(region: Region, session: SessionId, leases: readonly SessionLease[] = []) {
  return region.execute({ kind: "heartbeat", session, ttlMs: 60_000, leases, list: true });
}
