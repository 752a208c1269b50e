import { utf8 } from "@holdfast/base/bytes";
import type { SessionId } from "@holdfast/base/ids";
import { acceptTxn } from "@holdfast/core/quorum/acceptor";
import { registerKeys } from "@holdfast/core/quorum/register-keys";
import { emptyRegister } from "@holdfast/core/quorum/register-value";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type EtcdServer, etcdMissing, startEtcd } from "../etcd-server.ts";
import { GlobalRegions } from "../global-regions.ts";
import { until } from "../until.ts";

const quotaBytes = 16 * 1024 * 1024;

describe.skipIf(etcdMissing !== undefined)("global locks on bad days of their etcds", () => {
  let etcds: EtcdServer[] = [];
  let regions: GlobalRegions;
  beforeAll(async () => {
    etcds = await Promise.all([startEtcd({ quotaBytes }), startEtcd(), startEtcd()]);
    regions = await GlobalRegions.start(etcds.map(({ url }) => url));
  });
  afterAll(async () => {
    await regions?.[Symbol.asyncDispose]();
    for (const etcd of etcds) await etcd[Symbol.asyncDispose]();
  });

  test("a vote that cannot be read is named and kept as it is, and the two others decide", async () => {
    const session = await regions.open("east");
    const { accepted } = regions.keysOf("damaged");
    const grant = await regions.grant("east", "damaged", { session });
    const votes = async () => {
      const state = await regions.get("west", "damaged");
      return state.kind === "lock" ? (state.votes ?? []) : [];
    };
    // Two are enough for a grant. The third, still on its way, would write over what is put there.
    await until("three regions have accepted the grant", async () => {
      return (await votes()).filter(({ version }) => version === 1).length === 3;
    });
    for (const bytes of [utf8("cut"), Uint8Array.of(...new Uint8Array(16), 9, 123)]) {
      await put(regions, "north", accepted, bytes);
      const state = await regions.get("west", "damaged");
      if (state.kind !== "lock") throw new Error(state.message);
      expect(state.holders).toMatchObject([{ grantId: grant.grantId }]);
      const vote = state.votes?.find(({ region }) => region === "north");
      expect(vote).toMatchObject({ reachable: false });
      expect(vote?.problem).toContain(JSON.stringify(accepted));
      expect(await regions.acquire("west", "damaged", { session })).toMatchObject({ kind: "held" });
      const stored = await regions.store("north").range({ kind: "range", key: accepted });
      expect(stored).toMatchObject({ range: { kvs: [{ value: bytes }] } });
    }
    expect((await regions.release("east", grant)).kind).toBe("released");
  });

  test("two votes that cannot be read are no quorum, and nothing is made up", async () => {
    const session = await regions.open("east");
    const { accepted } = regions.keysOf("twice damaged");
    await regions.grant("east", "twice damaged", { session });
    for (const region of ["north", "west"] as const) {
      await put(regions, region, accepted, utf8("of a newer version"));
    }
    const outcome = await regions.acquire("east", "twice damaged", { session });
    expect(outcome).toMatchObject({ code: "NO_QUORUM", regions: ["east"] });
    expect(outcome).toHaveProperty("message", expect.stringContaining("cannot read"));
  });

  test("a lease that ends in mid-accept leaves its region out, and the grant stands on the others", async () => {
    const session = await regions.open("east");
    const first = await regions.grant("east", "lease", { session });
    await regions.release("east", first);
    const { accepted } = regions.keysOf("lease");
    const hold = regions
      .gate("west")
      .hold(({ success }) => success.some((op) => op.kind === "put" && op.key === accepted));
    const asked = regions.acquire("east", "lease", { session });
    await hold.reached();
    const lease = first.confirmed?.find(({ lease: { region } }) => region === "west")?.lease;
    const ended = lease ?? (await leaseIn(regions, session));
    await regions.store("west").revokeLease(ended.leaseId);
    hold.open();
    const outcome = await asked;
    if (outcome.kind !== "granted") throw new Error(JSON.stringify(outcome));
    await until("the third region has accepted too", async () => {
      const state = await regions.get("north", "lease");
      return state.kind === "lock" && state.votes?.every(({ version }) => version === 3) === true;
    });
    const state = await regions.get("north", "lease");
    const live = state.kind === "lock" ? state.votes?.map((vote) => vote.live.length) : [];
    expect(live).toEqual([1, 1, 0]);
    // The client's next confirmation puts it there again, under a lease made anew.
    const { lock, grantId, token } = outcome.grant;
    const renewed = await regions.execute("east", { kind: "renew", lock, grantId, token });
    expect(renewed).toMatchObject({ kind: "renewed" });
    if (renewed.kind === "renewed") expect(renewed.confirmed).toHaveLength(3);
  });

  test("a region out of space takes part no more, and its own clients go on by the two others", async () => {
    const session = await regions.open("east");
    const held = await regions.grant("east", "space", { session });
    await fill(regions);
    expect((await regions.release("east", held)).kind).toBe("released");
    const there = await regions.open("north");
    const grant = await regions.grant("north", "space", { session: there });
    expect([...grant.regions].sort()).toEqual(["north", "west"]);
    const state = await regions.get("east", "space");
    expect(state).toMatchObject({ kind: "lock", holderCount: 1 });
    // Its clients can open a session and take a lock, too: what they need lies in the two others.
    const own = await regions.open("east");
    expect((await regions.acquire("east", "other", { session: own })).kind).toBe("granted");
  });
});

describe.skipIf(etcdMissing !== undefined)("a hundred thousand global locks", () => {
  const count = 100_000;

  test("take less than 512 bytes of etcd each in a region, and are not forgotten", async () => {
    await using etcd = await startEtcd();
    const others = await Promise.all([startEtcd(), startEtcd()]);
    const regions = await GlobalRegions.start([etcd, ...others].map(({ url }) => url));
    const before = await inUse(etcd.url);
    const shard = regions.shard("east");
    const ballot = (round: number) => ({ round, proposer: 1, incarnation: 1 });
    const value = { ...emptyRegister, token: 1n << 20n, version: 2 };
    let done = 0;
    const write = async (index: number) => {
      const name = `order:${String(index).padStart(12, "0")}`;
      const site = { keys: registerKeys(index % 4096, "default", name), epoch: 1 };
      const request = { ballot: ballot(1), value, next: ballot(2), attach: [], forget: [] };
      const txn = acceptTxn(site, { ...request, generation: 1 }, new Map());
      const reply = await shard.committer.submit(txn, name);
      if (reply.kind !== "committed") throw new Error(JSON.stringify(reply));
      done++;
    };
    for (let first = 0; first < count; first += 1_000) {
      await Promise.all(Array.from({ length: 1_000 }, (_each, index) => write(first + index)));
    }
    expect(done).toBe(count);
    const bytesEach = ((await inUse(etcd.url)) - before) / count;
    console.info(`a register takes ${bytesEach.toFixed(0)} bytes of a region's etcd`);
    expect(bytesEach).toBeLessThan(512);
    await regions[Symbol.asyncDispose]();
    for (const other of others) await other[Symbol.asyncDispose]();
  }, 120_000);
});

async function put(
  regions: GlobalRegions,
  region: "north" | "west",
  key: string,
  value: Uint8Array,
): Promise<void> {
  const success = [{ kind: "put", key, value, lease: 0n } as const];
  await regions.store(region).commit({ compares: [], success, failure: [] });
}

async function leaseIn(regions: GlobalRegions, session: SessionId) {
  const leases = await regions.local("west").context.sessions.leasesOf(session);
  const [lease] = leases instanceof Map ? leases.values() : [];
  if (lease === undefined) throw new Error("the session has a lease in west");
  return { leaseId: lease.marker.lease };
}

/** Writes until etcd takes no more. */
async function fill(regions: GlobalRegions): Promise<void> {
  const value = new Uint8Array(512 * 1024);
  for (let written = 0; written <= 8 * quotaBytes; written += value.length) {
    const success = [{ kind: "put", key: "z/filler", value, lease: 0n } as const];
    const reply = await regions.store("east").commit({ compares: [], success, failure: [] });
    if (reply.kind === "rejected") return;
  }
  throw new Error("etcd took more than its quota");
}

async function inUse(url: string): Promise<number> {
  const answer = await fetch(`${url}/v3/maintenance/status`, { method: "POST", body: "{}" });
  const { dbSizeInUse } = (await answer.json()) as { dbSizeInUse: string };
  return Number(dbSizeInUse);
}
