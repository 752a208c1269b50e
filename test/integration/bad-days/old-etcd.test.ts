import { Server, ServerCredentials } from "@grpc/grpc-js";
import { connectEtcdShard } from "@holdfast/adapter-etcd/etcd-shard-store";
import { expect, test } from "vitest";
import { Region } from "../region.ts";

/** A server that says it is etcd of some version, and counts everything else it is asked for. */
async function startImpostor(version: string) {
  const calls = { other: 0 };
  const server = new Server();
  const asIs = (message: Buffer) => message;
  const unary = (path: string) => ({
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  });
  server.addService(
    { status: unary("/etcdserverpb.Maintenance/Status") },
    {
      status: (_: unknown, answer: (error: null, message: Buffer) => void) =>
        answer(null, statusOf(version)),
    },
  );
  server.addService(
    {
      txn: unary("/etcdserverpb.KV/Txn"),
      range: unary("/etcdserverpb.KV/Range"),
      leaseGrant: unary("/etcdserverpb.Lease/LeaseGrant"),
    },
    Object.fromEntries(
      ["txn", "range", "leaseGrant"].map((name) => [
        name,
        (_: unknown, answer: (error: null, message: Buffer) => void) => {
          calls.other++;
          answer(null, Buffer.alloc(0));
        },
      ]),
    ),
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    [Symbol.dispose]: () => server.forceShutdown(),
  };
}

/** A StatusResponse: the header with cluster and member id, the version, the leader. */
function statusOf(version: string): Buffer {
  const header = Buffer.from([0x08, 1, 0x10, 2]);
  const text = Buffer.from(version);
  return Buffer.concat([
    Buffer.from([0x0a, header.length]),
    header,
    Buffer.from([0x12, text.length]),
    text,
    Buffer.from([0x20, 2]),
  ]);
}

test("an etcd with known faults is refused when a service connects, and written to by no call", async () => {
  using old = await startImpostor("3.5.9");
  const connected = await connectEtcdShard({ endpoints: [old.url], region: "here", shard: "s0" });
  expect(connected).toMatchObject({
    code: "SHARD_UNAVAILABLE",
    message: expect.stringContaining("is 3.5.9, older than 3.6"),
  });
  await using region = new Region({ urls: [old.url] });
  await region.locals.start();
  expect(await region.acquire("lock", { ttlMs: 10_000 })).toMatchObject({
    code: "SHARD_UNAVAILABLE",
  });
  await expect(region.open()).rejects.toThrow("SHARD_UNAVAILABLE");
  expect(await region.publish()).toMatchObject({
    code: "SHARD_UNAVAILABLE",
    message: expect.stringContaining("upgrade it"),
  });
  expect(old.calls.other).toBe(0);
});

test("a new one gets past that", async () => {
  using recent = await startImpostor("3.6.16");
  const endpoints = [recent.url];
  const connected = await connectEtcdShard({ endpoints, region: "here", shard: "s0" });
  expect(connected.kind).toBe("connected");
  if (connected.kind !== "connected") return;
  await connected.store.range({ kind: "range", key: "k" });
  expect(recent.calls.other).toBeGreaterThan(0);
  connected.store.close();
});
