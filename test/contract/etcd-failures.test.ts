import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import {
  connectEtcdShard,
  type EtcdShardOptions,
  EtcdShardStore,
} from "@holdfast/adapter-etcd/etcd-shard-store";
import { neverSent } from "@holdfast/adapter-etcd/failure";
import { Member } from "@holdfast/adapter-etcd/member";
import type { LeaseId } from "@holdfast/base/ids";
import { ManualClock } from "@holdfast/base/manual-clock";
import { freePorts } from "@holdfast/toolchain/free-ports";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually, put, txn } from "./calls.ts";
import { FakeEtcd } from "./fake-etcd.ts";

const write = txn([], [put("a")]);
const lease = 5n as LeaseId;

let fake: FakeEtcd;
let other: FakeEtcd;
const opened: EtcdShardStore[] = [];

beforeEach(async () => {
  [fake, other] = await Promise.all([FakeEtcd.start(), FakeEtcd.start()]);
});
afterEach(() => {
  for (const store of opened.splice(0)) store.close();
  for (const each of [fake, other]) each.kill();
});

function open(endpoints: readonly string[], options: Partial<EtcdShardOptions> = {}) {
  const where = { endpoints, region: "us-east-1", shard: "s0", deadlineMs: 20_000 };
  const store = new EtcdShardStore({ ...where, ...options });
  opened.push(store);
  return store;
}

describe("an error of etcd", () => {
  const cases: readonly [status, string, object][] = [
    [status.NOT_FOUND, "etcdserver: requested lease not found", { reason: "lease-not-found" }],
    [
      status.INVALID_ARGUMENT,
      "etcdserver: duplicate key given in txn request",
      { reason: "duplicate-key" },
    ],
    [
      status.INVALID_ARGUMENT,
      "etcdserver: too many operations in txn request",
      { reason: "too-many-operations" },
    ],
    [status.INVALID_ARGUMENT, "etcdserver: request is too large", { reason: "too-large" }],
    [
      status.RESOURCE_EXHAUSTED,
      "grpc: received message larger than max (9 vs. 8)",
      { reason: "too-large" },
    ],
    [
      status.RESOURCE_EXHAUSTED,
      "etcdserver: mvcc: database space exceeded",
      { reason: "no-space" },
    ],
    [status.UNKNOWN, "etcdserver: too many requests", { kind: "unavailable" }],
    [status.UNAVAILABLE, "etcdserver: no leader", { kind: "unavailable" }],
    [status.UNAVAILABLE, "etcdserver: request timed out", { kind: "unknown" }],
    [
      status.UNAVAILABLE,
      "etcdserver: request timed out, possibly due to previous leader failure",
      { kind: "unknown" },
    ],
    [status.UNAVAILABLE, "etcdserver: leader changed", { kind: "unknown" }],
    [status.UNAVAILABLE, "etcdserver: server stopped", { kind: "unknown" }],
    [status.UNAVAILABLE, "anything else", { kind: "unknown" }],
    [status.UNKNOWN, "raft proposal dropped", { kind: "unknown" }],
    [status.DEADLINE_EXCEEDED, "context deadline exceeded", { kind: "unknown" }],
    [status.CANCELLED, "etcdserver: request canceled", { kind: "unknown" }],
    [status.INTERNAL, "a message nobody has seen yet", { kind: "unknown" }],
    // Said of the answer, which etcd gave after it had applied the request.
    [status.RESOURCE_EXHAUSTED, "Received message larger than max (9 vs 8)", { kind: "unknown" }],
  ];

  it.each(cases)(
    "%i %s is read for what it says about the write",
    async (code, details, expected) => {
      fake.fates.set("Txn", { kind: "error", code, details });
      expect(await open([fake.endpoint, other.endpoint]).commit(write)).toMatchObject(expected);
      // However it failed: it was sent, so it is not sent again.
      expect([fake.count("Txn"), other.count("Txn")]).toEqual([1, 0]);
    },
  );
});

describe("a write", () => {
  it("that is never answered is unknown when its time is over", async () => {
    fake.fates.set("Txn", undefined);
    const store = open([fake.endpoint], { deadlineMs: 400 });
    await store.verify();
    expect((await store.commit(write)).kind).toBe("unknown");
  });

  it("whose connection breaks is unknown, and the next one goes to the next member", async () => {
    const store = open([fake.endpoint, other.endpoint]);
    fake.fates.set("Txn", undefined);
    const reply = store.commit(write);
    expect(await eventually(() => fake.count("Txn") === 1)).toBe(true);
    fake.kill();
    expect((await reply).kind).toBe("unknown");
    expect((await store.commit(write)).kind).toBe("committed");
    expect(other.count("Txn")).toBe(1);
  });

  it("is given up soon, as unknown, if a new leader has come and it is not answered", async () => {
    const store = open([fake.endpoint], { deadlineMs: 10_000 });
    await store.commit(write);
    fake.fates.set("Txn", undefined);
    const startedMs = performance.now();
    const reply = store.commit(write);
    await sleep(900);
    fake.raftTerm = "3";
    expect((await reply).kind).toBe("unknown");
    expect(performance.now() - startedMs).toBeLessThan(9_000);
  });

  it("may take its time as long as the leader is the same", async () => {
    const store = open([fake.endpoint], { deadlineMs: 10_000 });
    fake.delayMs = 2_000;
    expect((await store.commit(write)).kind).toBe("committed");
  });

  it("goes to the next member if the first cannot be reached", async () => {
    const [nobody] = await freePorts(1);
    const store = open([`http://127.0.0.1:${nobody}`, fake.endpoint]);
    expect((await store.commit(write)).kind).toBe("committed");
  });

  it("is unavailable, as is everything else, if no member can be reached", async () => {
    const [nobody] = await freePorts(1);
    const store = open([`http://127.0.0.1:${nobody}`]);
    const ends: string[] = [];
    store.watch(
      { key: "a", startRevision: 1n },
      { onEvents: () => {}, onEnd: (reason) => ends.push(reason) },
    );
    const replies = await Promise.all([
      store.commit(write),
      store.range({ kind: "range", key: "a" }),
      store.grantLease(5),
      store.keepAlive(lease),
      store.revokeLease(lease),
      store.leaseKeys(lease),
      store.compact(2n),
    ]);
    expect(replies.map(({ kind }) => kind)).toEqual(Array(7).fill("unavailable"));
    expect(ends).toEqual(["interrupted"]);
  });
});

describe("a request that has not left", () => {
  const call = async (endpoint: string, deadlineMs = 500) => {
    const member = new Member(endpoint);
    const answer = await member.call("/etcdserverpb.KV/Txn", Buffer.alloc(0), (bytes) => bytes, {
      deadlineMs,
    });
    member.close();
    if (answer.kind !== "error") throw new Error("an answer out of nowhere");
    return answer.error;
  };

  it("is known by what the client library says where nobody listens", async () => {
    const [nobody] = await freePorts(1);
    const error = await call(`http://127.0.0.1:${nobody}`, 10_000);
    expect([error.code, neverSent(error)]).toEqual([status.UNAVAILABLE, true]);
  });

  it("is known by what it says where a connection is accepted and never spoken on", async () => {
    const mute = createServer().listen(0, "127.0.0.1");
    await once(mute, "listening");
    const error = await call(`http://127.0.0.1:${(mute.address() as AddressInfo).port}`);
    mute.close();
    expect([error.code, neverSent(error)]).toEqual([status.DEADLINE_EXCEEDED, true]);
  });

  it("is known by what it says for a name that does not resolve", async () => {
    const error = await call("http://holdfast.invalid:2379", 10_000);
    expect(neverSent(error)).toBe(true);
  });

  it("is told from one that has left", async () => {
    fake.fates.set("Txn", undefined);
    const error = await call(fake.endpoint);
    expect([error.code, neverSent(error)]).toEqual([status.DEADLINE_EXCEEDED, false]);
  });
});

describe("a read", () => {
  it("is repeated at the next member", async () => {
    fake.fates.set("Range", { kind: "error", code: status.UNAVAILABLE, details: "anything" });
    const store = open([fake.endpoint, other.endpoint]);
    expect((await store.range({ kind: "range", key: "a" })).kind).toBe("read");
    expect([fake.count("Range"), other.count("Range")]).toEqual([1, 1]);
  });

  it("that hangs at one member is answered by the next in time", async () => {
    fake.fates.set("Range", undefined);
    const store = open([fake.endpoint, other.endpoint], { deadlineMs: 3_000 });
    expect((await store.range({ kind: "range", key: "a" })).kind).toBe("read");
  });
});

describe("connecting", () => {
  const shard = { region: "us-east-1", shard: "s0" };

  it("refuses an etcd that is too old, unless told to take it", async () => {
    fake.version = "3.6.13";
    const options = { ...shard, endpoints: [fake.endpoint] };
    const refused = await connectEtcdShard(options);
    expect(refused).toMatchObject({ code: "SHARD_UNAVAILABLE", shard: "us-east-1/s0" });
    const taken = await connectEtcdShard({ ...options, allowOldVersions: true });
    if (taken.kind !== "connected") throw new Error(taken.message);
    opened.push(taken.store);
    expect((await taken.store.commit(write)).kind).toBe("committed");
  });

  it("refuses endpoints that belong to different clusters", async () => {
    other.clusterId = "78";
    const refused = await connectEtcdShard({
      ...shard,
      endpoints: [fake.endpoint, other.endpoint],
    });
    expect(refused).toMatchObject({ kind: "failure", code: "SHARD_UNAVAILABLE" });
  });

  it("takes a shard that does not answer yet, and uses it once it does", async () => {
    const [nobody] = await freePorts(1);
    const endpoints = [`http://127.0.0.1:${nobody}`, fake.endpoint];
    const connected = await connectEtcdShard({ ...shard, endpoints });
    if (connected.kind !== "connected") throw new Error(connected.message);
    opened.push(connected.store);
    expect((await connected.store.commit(write)).kind).toBe("committed");
  });

  it("never uses a member that is too old, whenever it comes up", async () => {
    const store = open([fake.endpoint]);
    fake.version = "3.4.23";
    expect(await store.commit(write)).toMatchObject({ kind: "unavailable" });
    expect(fake.count("Txn")).toBe(0);
  });
});

describe("an etcd of another cluster that answers at a known endpoint", () => {
  it("has its answers refused", async () => {
    const store = open([fake.endpoint]);
    expect((await store.commit(write)).kind).toBe("committed");
    fake.clusterId = "78";
    const refused = await store.commit(write);
    expect(refused).toMatchObject({ kind: "unavailable" });
    expect(refused).toHaveProperty("message", expect.stringContaining("another etcd answers"));
    expect((await store.leaseKeys(lease)).kind).toBe("unavailable");
    fake.clusterId = "77";
    expect((await store.commit(write)).kind).toBe("committed");
  });
});

describe("a server that is no etcd", () => {
  it("is never believed, even if its version is not looked at", async () => {
    fake.clusterId = "0";
    const store = open([fake.endpoint], { allowOldVersions: true });
    expect((await store.commit(write)).kind).toBe("unavailable");
    expect(fake.count("Txn")).toBe(0);
  });
});

describe("keepalives", () => {
  const answer = (id: bigint) => ({ header: fake.header, ID: String(id), TTL: "9" });

  it("are unknown if the stream stays silent, and go on over a new one", async () => {
    const store = open([fake.endpoint], { deadlineMs: 1_000 });
    expect((await store.keepAlive(lease)).kind).toBe("unknown");
    fake.onMessage = (stream) => stream.write(answer(lease));
    expect(await store.keepAlive(lease)).toEqual({ kind: "kept", ttlS: 9 });
    expect(fake.streams).toHaveLength(2);
  });

  it("believe no answer that came out of order", async () => {
    const store = open([fake.endpoint]);
    fake.onMessage = (stream) => stream.write(answer(6n));
    expect((await store.keepAlive(lease)).kind).toBe("unknown");
  });

  it("believe no answer of another cluster", async () => {
    const store = open([fake.endpoint]);
    await store.commit(write);
    fake.clusterId = "78";
    fake.onMessage = (stream) => stream.write(answer(lease));
    expect((await store.keepAlive(lease)).kind).not.toBe("kept");
  });

  it("are unknown, all that wait, if the stream breaks", async () => {
    const store = open([fake.endpoint]);
    const replies = Promise.all([store.keepAlive(lease), store.keepAlive(lease)]);
    expect(await eventually(() => fake.streams.length === 1)).toBe(true);
    fake.kill();
    expect((await replies).map(({ kind }) => kind)).toEqual(["unknown", "unknown"]);
  });
});

describe("a watch", () => {
  /** Answers as etcd does to the creation of a watch. */
  const confirm = () => {
    fake.onMessage = (stream, message) => {
      const create = (message as { create_request?: { watch_id: string } }).create_request;
      if (create === undefined) return;
      stream.write({ header: fake.header, watch_id: create.watch_id, created: true });
    };
  };
  const watch = async (clock?: ManualClock) => {
    const store = open([fake.endpoint], clock === undefined ? {} : { clock });
    const ends: string[] = [];
    store.watch(
      { key: "a", startRevision: 1n },
      { onEvents: () => {}, onEnd: (reason) => ends.push(reason) },
    );
    expect(await eventually(() => fake.streams.length === 1)).toBe(true);
    return { ends, store };
  };
  /** Lets time pass in steps in which real messages can arrive. */
  const pass = async (clock: ManualClock, seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      await clock.advance(1_000);
      await sleep(20);
    }
  };

  it("goes on for as long as etcd answers the probes, though nothing happens", async () => {
    confirm();
    const clock = new ManualClock();
    const { ends } = await watch(clock);
    await pass(clock, 60);
    expect(ends).toEqual([]);
  });

  it("is interrupted ten seconds after the connection has died in silence", async () => {
    confirm();
    const clock = new ManualClock();
    const { ends } = await watch(clock);
    await pass(clock, 5);
    fake.onMessage = () => {};
    await pass(clock, 10);
    expect(ends).toEqual(["interrupted"]);
  });

  it("is interrupted if it is never confirmed", async () => {
    const clock = new ManualClock();
    const { ends } = await watch(clock);
    await pass(clock, 8);
    expect(ends).toEqual(["interrupted"]);
  });

  it("is interrupted if the stream breaks, and a new one gets a new stream", async () => {
    confirm();
    const { ends, store } = await watch();
    fake.streams[0]?.emit("error", { code: status.UNAVAILABLE, details: "etcdserver: no leader" });
    expect(await eventually(() => ends.length > 0)).toBe(true);
    store.watch({ key: "a", startRevision: 1n }, { onEvents: () => {}, onEnd: () => {} });
    expect(await eventually(() => fake.streams.length === 2)).toBe(true);
    expect(ends).toEqual(["interrupted"]);
  });

  it("is interrupted if etcd cannot make it", async () => {
    fake.onMessage = (stream) =>
      stream.write({ header: fake.header, watch_id: "-1", created: true, canceled: true });
    const { ends } = await watch();
    expect(await eventually(() => ends.length > 0)).toBe(true);
    expect(ends).toEqual(["interrupted"]);
  });

  it("is interrupted if another cluster answers", async () => {
    const { ends, store } = await watch();
    await store.commit(write);
    const header = { ...fake.header, cluster_id: "78" };
    fake.streams[0]?.write({ header, watch_id: "1", created: true });
    expect(await eventually(() => ends.length > 0)).toBe(true);
    expect(ends).toEqual(["interrupted"]);
  });
});
