import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type EtcdServer, etcdMissing, startEtcd } from "../etcd-server.ts";
import { packed } from "../packed.ts";
import { codeOf, freshRegion, grantIn, type Region } from "../region.ts";
import { until } from "../until.ts";

const quotaBytes = 8 * 1024 * 1024;

describe.skipIf(etcdMissing !== undefined)("an etcd that is out of space", () => {
  let etcd: EtcdServer;
  beforeAll(async () => {
    etcd = await startEtcd({ quotaBytes });
  });
  afterAll(() => etcd?.[Symbol.asyncDispose]());

  test("takes no new locks and says why; reads, heartbeats and releases go on", async () => {
    await using region = await freshRegion(etcd.url, { inFlightMax: 1 });
    const session = await region.open();
    const doomed = await region.open();
    const held = await region.grant("held", { session });
    const batched = await region.grant("batched", { session });
    const own = await region.grant("own", { ttlMs: 60_000 });
    await region.grant("closed", { session: doomed });
    const wanted = await region.grant("wanted", { session });
    const waiter = region.acquire("wanted", { session, waitMs: 60_000 });
    await region.inLine("wanted", 1);
    await fill(region);

    const full = { code: "SHARD_UNAVAILABLE", retryAfterMs: 5_000, shard: "here/s0" };
    expect(await region.acquire("new", { session })).toMatchObject({
      ...full,
      message: expect.stringContaining("used up its space"),
    });
    expect(await region.acquire("new", { ttlMs: 10_000 })).toMatchObject(full);
    await expect(region.open()).rejects.toThrow("used up its space");
    const { lock, grantId, token } = own;
    expect(await region.execute({ kind: "renew", lock, grantId, token })).toMatchObject(full);

    expect((await region.state("held")).holders).toMatchObject([{ token: held.token }]);
    const beat = await region.execute({
      kind: "heartbeat",
      session,
      ttlMs: 60_000,
      leases: [held.lease],
      list: true,
    });
    expect(beat).toMatchObject({ leases: [{ unknown: false, validForMs: expect.any(Number) }] });
    expect(codeOf(await region.release(held, session))).toBe("released");
    expect(codeOf(await region.release(own))).toBe("released");
    const [release, acquire] = await packed<{ readonly kind: string; readonly code?: string }>(
      region,
      [() => region.release(batched, session), () => region.acquire("new", { session })],
    );
    expect(codeOf((await release) ?? { kind: "" })).toBe("released");
    expect(codeOf((await acquire) ?? { kind: "" })).toBe("SHARD_UNAVAILABLE");
    expect(codeOf(await region.release(wanted, session))).toBe("released");
    const closed = await region.execute({ kind: "close-session", session: doomed, leases: [] });
    expect(closed.kind).toBe("closed");
    expect(await region.keys("x/")).toEqual([]);
    expect((await region.state("wanted")).waiterCount).toBe(1);

    await makeRoom(region, etcd.url);
    await until("new locks are taken", async () => {
      return codeOf(await region.acquire("new", { session })) === "granted";
    });
    // The waiter's router did not give up on it.
    expect(grantIn(await waiter).token).toBeGreaterThan(wanted.token);
  });
});

/** Writes until etcd takes no more. */
async function fill(region: Region): Promise<void> {
  const value = new Uint8Array(512 * 1024);
  // The size that etcd compares is that of its file, which follows a little later.
  for (let written = 0; written <= 8 * quotaBytes; written += value.length) {
    const reply = await region.store().commit({
      compares: [],
      success: [{ kind: "put", key: "z/filler", value, lease: 0n }],
      failure: [],
    });
    if (reply.kind === "rejected") {
      expect(reply.reason).toBe("no-space");
      return;
    }
  }
  throw new Error("etcd took more than its quota");
}

/** What an operator does: compact, defragment, and disarm the alarm. */
async function makeRoom(region: Region, url: string): Promise<void> {
  const removed = await region.store().commit({
    compares: [],
    success: [{ kind: "delete", key: "z/filler" }],
    failure: [],
  });
  if (removed.kind !== "committed") throw new Error("the filler is still there");
  await ask(url, "kv/compaction", { revision: String(removed.revision), physical: true });
  await ask(url, "maintenance/defragment", {});
  const { alarms } = await ask(url, "maintenance/alarm", { action: "GET" });
  for (const alarm of alarms) {
    await ask(url, "maintenance/alarm", { action: "DEACTIVATE", ...alarm });
  }
}

/** etcd's own HTTP door, for what is no business of the engine's. */
async function ask(url: string, path: string, body: object): Promise<{ alarms: object[] }> {
  const answer = await fetch(`${url}/v3/${path}`, { method: "POST", body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as { alarms: object[] };
}
