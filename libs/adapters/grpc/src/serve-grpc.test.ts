import { once } from "node:events";
import { connect } from "node:net";
import { readAcquireManyResults, writeAcquireMany } from "@holdfast/api/codec/many-codec";
import { readListResponse, writeListRequest } from "@holdfast/api/codec/query-codec";
import { UnaryCodec, unaryPaths } from "@holdfast/api/codec/unary-codec";
import { grpcCodes } from "@holdfast/api/failure-status";
import {
  HealthCheckRequest,
  HealthCheckResponse,
} from "@holdfast/api/generated/grpc/health/v1/health";
import {
  GetPlacementResponse,
  GetVersionResponse,
  ListRegionsResponse,
  ListSessionsRequest,
  ListSessionsResponse,
  LocateLockRequest,
  LocateLockResponse,
  ReadmitRegionRequest,
  ReadmitRegionResponse,
} from "@holdfast/api/generated/holdfast/v1/admin_service";
import { AcquireRequest } from "@holdfast/api/generated/holdfast/v1/lock_service";
import { SystemClock } from "@holdfast/base/clock";
import { failure, isFailure } from "@holdfast/base/failure";
import { limits } from "@holdfast/core/limits";
import { expect, test } from "vitest";
import { failureIn } from "./peer-channel.ts";
import { serveGrpc } from "./serve-grpc.ts";
import { fakeAdmin } from "./testing/fake-admin.ts";
import { FakeTier, fakeRegions } from "./testing/fake-tier.ts";
import { globally, openDoor, tryFor } from "./testing/open-door.ts";
import type { RawClient, RawReply } from "./testing/raw-client.ts";

const codec = new UnaryCodec();
const admin = "/holdfast.v1.AdminService";

function bytesOf(reply: RawReply): Buffer {
  if ("bytes" in reply) return reply.bytes;
  throw new Error(`${reply.status.code}: ${reply.status.details}`);
}

function failureOfReply(reply: RawReply) {
  if ("bytes" in reply) throw new Error("The call went well.");
  return failureIn(reply.status);
}

async function acquire(client: RawClient, command = tryFor("a"), options = {}) {
  return client.call(unaryPaths.acquire, codec.writeRequest(command), options);
}

test("an acquire is granted, and the next one is told who holds", async () => {
  const { client } = await openDoor();
  const first = bytesOf(await acquire(client));
  expect(codec.readResponse("acquire", first)).toMatchObject({
    kind: "granted",
    grant: { lock: { region: "us-east-1", namespace: "default", name: "a" }, token: 1n },
  });
  const second = bytesOf(await acquire(client));
  expect(codec.readResponse("acquire", second)).toMatchObject({
    kind: "held",
    holders: [{ owner: "test", token: 1n }],
  });
});

test("a failure arrives with its code, its field and its details", async () => {
  const { client, tier } = await openDoor();
  const found = failure("TOO_MANY_WAITERS", "Full: “a”.", { retryAfterMs: 250, shard: "r/s0" });
  tier.instead = async () => found;
  const reply = await acquire(client);
  expect("status" in reply && reply.status.code).toBe(grpcCodes.RESOURCE_EXHAUSTED);
  expect(failureOfReply(reply)).toEqual(found);
});

test("a global lock comes with the leases that hold it up, and its state with votes", async () => {
  const { client } = await openDoor();
  const command = tryFor("a", globally);
  const granted = codec.readResponse("acquire", bytesOf(await acquire(client, command)));
  expect(granted).toMatchObject({
    kind: "granted",
    grant: { lock: { region: "global" }, confirmed: [{}, {}, {}] },
  });
  const get = codec.writeRequest({ kind: "get", lock: command.lock });
  const state = codec.readResponse("get", bytesOf(await client.call(unaryPaths.get, get)));
  expect(state).toMatchObject({ votes: fakeRegions.map((region) => ({ region, version: 2 })) });
});

test.each([
  ["NUL", "a\0b"],
  ["a way up", "a/../b"],
  ["257 bytes", "n".repeat(257)],
  ["an unpaired surrogate", "a\ud800"],
])("a name with %s never reaches the tier", async (_what, name) => {
  const { client, tier } = await openDoor();
  expect(failureOfReply(await acquire(client, tryFor(name)))).toMatchObject({
    code: "INVALID_ARGUMENT",
    field: "lock.name",
  });
  expect(tier.asked).toEqual([]);
});

test("an enum value that does not exist never reaches the tier", async () => {
  const { client, tier } = await openDoor();
  const request = AcquireRequest.decode(codec.writeRequest(tryFor("a")));
  const bytes = AcquireRequest.encode({ ...request, mode: 9 as 1 }).finish();
  const reply = await client.call(unaryPaths.acquire, bytes);
  expect(failureOfReply(reply)).toMatchObject({ code: "INVALID_ARGUMENT", field: "mode" });
  expect(tier.asked).toEqual([]);
});

test("a request of 64 KiB is read, and one byte more is refused", async () => {
  const { client } = await openDoor();
  // An unknown field fills the message up.
  const request = codec.writeRequest(tryFor("a"));
  const filled = (bytes: number) => {
    const filling = bytes - request.length - 4;
    const head = Buffer.from([
      0x7a,
      (filling & 0x7f) | 0x80,
      ((filling >> 7) & 0x7f) | 0x80,
      filling >> 14,
    ]);
    return Buffer.concat([request, head, Buffer.alloc(filling)]);
  };
  const most = filled(limits.unaryMessageBytesMax);
  expect(most).toHaveLength(65_536);
  expect("bytes" in (await client.call(unaryPaths.acquire, most))).toBe(true);
  const reply = await client.call(unaryPaths.acquire, filled(limits.unaryMessageBytesMax + 1));
  expect(failureOfReply(reply)).toMatchObject({ code: "INVALID_ARGUMENT" });
});

test("a message of 5 MiB is refused, and the connection goes on", async () => {
  const { client } = await openDoor();
  const reply = await client.call(unaryPaths.acquire, Buffer.alloc(5 * 1024 * 1024));
  expect("status" in reply && reply.status).toMatchObject({
    code: grpcCodes.RESOURCE_EXHAUSTED,
    details: expect.stringContaining("larger than max"),
  });
  expect("bytes" in (await acquire(client))).toBe(true);
});

test("bytes that are not protobuf are refused, and the connection goes on", async () => {
  const { client } = await openDoor();
  const reply = await client.call(unaryPaths.acquire, Buffer.from([0xff, 0xff]));
  expect(failureOfReply(reply)).toMatchObject({ code: "INVALID_ARGUMENT" });
  expect("bytes" in (await acquire(client))).toBe(true);
});

test("a connection that speaks no HTTP/2 harms nobody else", async () => {
  const { client, server } = await openDoor();
  const [host, port] = server.address.split(":");
  const socket = connect(Number(port), host);
  await once(socket, "connect");
  socket.on("error", () => {});
  socket.resume();
  socket.write("GET / HTTP/1.1\r\n\r\n garbage garbage garbage garbage");
  await once(socket, "close");
  expect("bytes" in (await acquire(client))).toBe(true);
});

test("a call's deadline reaches the tier, and passing it cancels the call", async () => {
  const { client, tier } = await openDoor();
  let cancelled = false;
  tier.instead = (_command, call) =>
    new Promise((resolve) => {
      call.cancellation.onCancel(() => {
        cancelled = true;
        resolve({ kind: "cancelled" });
      });
    });
  const reply = await acquire(client, tryFor("a", { waitMs: 10_000 }), { deadlineMs: 200 });
  expect("status" in reply && reply.status.code).toBe(grpcCodes.DEADLINE_EXCEEDED);
  await expect.poll(() => cancelled).toBe(true);
  const call = tier.asked[0]!.call;
  expect(call.onCallerLost).toBe("cancel");
  expect(call.hops).toBe(0);
  const leftMs = call.deadlineMs! - new SystemClock().monotonicMs();
  expect(leftMs).toBeLessThan(200);
  expect(leftMs).toBeGreaterThan(-10_000);
});

test("a forwarded call says how many routers it came through, and may outlive itself", async () => {
  const { client, tier } = await openDoor();
  await acquire(client, tryFor("a"), {
    metadata: { "holdfast-hops": "1", "holdfast-caller-lost": "keep" },
  });
  await acquire(client, tryFor("a"), { metadata: { "holdfast-hops": "x" } });
  expect(tier.asked.map(({ call }) => [call.hops, call.onCallerLost])).toEqual([
    [1, "keep"],
    [1, "cancel"],
  ]);
});

test("several locks are asked for in one request", async () => {
  const { client } = await openDoor();
  const acquires = [tryFor("a"), tryFor("b")];
  const reply = await client.call(
    "/holdfast.v1.LockService/AcquireMany",
    writeAcquireMany({ acquires, allOrNothing: false }),
  );
  const outcomes = readAcquireManyResults(bytesOf(reply));
  expect(outcomes?.map(({ kind }) => kind)).toEqual(["granted", "granted"]);
});

test("held locks are listed", async () => {
  const { client } = await openDoor();
  await acquire(client, tryFor("a/1"));
  await acquire(client, tryFor("b/1"));
  const query = { region: "", namespace: "default", prefix: "a/", pageSize: 10, pageToken: "" };
  const reply = await client.call("/holdfast.v1.LockService/List", writeListRequest(query));
  expect(readListResponse(bytesOf(reply))?.locks.map(({ lock }) => lock.name)).toEqual(["a/1"]);
});

test("an administrator reads what runs, where slots lie, and masked sessions", async () => {
  const { client } = await openDoor();
  const nothing = new Uint8Array();
  const version = GetVersionResponse.decode(
    bytesOf(await client.call(`${admin}/GetVersion`, nothing)),
  );
  expect(version).toMatchObject({ region: "us-east-1", store: "memory", uptimeMs: 1_234n });
  const placement = GetPlacementResponse.decode(
    bytesOf(await client.call(`${admin}/GetPlacement`, nothing)),
  );
  expect(placement.runs).toEqual([{ first: 0, last: 4_095, shard: "s0", movingTo: "" }]);
  const locate = LocateLockRequest.encode({ namespace: "default", name: "a" }).finish();
  const place = LocateLockResponse.decode(
    bytesOf(await client.call(`${admin}/LocateLock`, locate)),
  );
  expect(place).toMatchObject({ slot: 17, shard: "s0", placementVersion: 3n });
  const page = ListSessionsRequest.encode({ pageSize: 0, pageToken: "" }).finish();
  const sessions = ListSessionsResponse.decode(
    bytesOf(await client.call(`${admin}/ListSessions`, page)),
  );
  expect(sessions).toMatchObject({
    sessions: [{ maskedId: "abcdef…" }],
    nextPageToken: "after 100",
  });
  for (const call of ["ListShards", "ListRegions"]) {
    expect("bytes" in (await client.call(`${admin}/${call}`, nothing))).toBe(true);
  }
  const bad = LocateLockRequest.encode({ namespace: "default", name: ".." }).finish();
  expect(isFailure(failureOfReply(await client.call(`${admin}/LocateLock`, bad)))).toBe(true);
});

test("an administrator sees each region's part in the global tier", async () => {
  const { client } = await openDoor();
  const { regions } = ListRegionsResponse.decode(
    bytesOf(await client.call(`${admin}/ListRegions`, new Uint8Array())),
  );
  expect(regions).toMatchObject([
    { name: "us-east-1", global: { votes: true, incarnation: "0a1b", generation: 4n } },
    { name: "us-west-2", global: { votes: false, problem: "it lost its data" } },
    { name: "eu-west-1", global: undefined },
  ]);
});

test("a region is admitted again, and how far that is is told on the way", async () => {
  const { client } = await openDoor();
  const said: ReadmitRegionResponse[] = [];
  const request = ReadmitRegionRequest.encode({ region: "us-west-2" }).finish();
  const { ended } = client.follow(`${admin}/ReadmitRegion`, request, (bytes) => {
    said.push(ReadmitRegionResponse.decode(bytes));
  });
  expect((await ended).code).toBe(grpcCodes.OK);
  expect(said).toEqual([
    { registersCopied: 3n, step: "copying", done: false, generation: 0n },
    { registersCopied: 7n, step: "admitted", done: true, generation: 5n },
  ]);
});

test.each([
  ["no coordinator", { ...fakeAdmin, readmit: undefined }, "us-west-2", "UNIMPLEMENTED"],
  ["no such region", fakeAdmin, "nowhere", "INVALID_ARGUMENT"],
  ["a region's name that is none", fakeAdmin, "No Where", "INVALID_ARGUMENT"],
] as const)("with %s nothing is admitted", async (_what, { readmit, ...rest }, region, code) => {
  const { client } = await openDoor({ admin: readmit === undefined ? rest : fakeAdmin });
  const request = ReadmitRegionRequest.encode({ region }).finish();
  const { ended } = client.follow(`${admin}/ReadmitRegion`, request, () => {});
  expect(failureIn(await ended)).toMatchObject({ code });
});

test("health is told for the server and for each service, and for no other", async () => {
  const { client, server } = await openDoor();
  const check = (service: string) =>
    client.call("/grpc.health.v1.Health/Check", HealthCheckRequest.encode({ service }).finish());
  const statusOf = async (service: string) =>
    HealthCheckResponse.decode(bytesOf(await check(service))).status;
  expect(await statusOf("")).toBe(1);
  expect(await statusOf("holdfast.v1.LockService")).toBe(1);
  const reply = await check("nobody.v1.NoService");
  expect("status" in reply && reply.status.code).toBe(grpcCodes.NOT_FOUND);
  server.setServing(false);
  expect(await statusOf("")).toBe(2);
});

test("a method that does not exist is unimplemented", async () => {
  const { client } = await openDoor();
  const reply = await client.call("/holdfast.v1.LockService/Steal", new Uint8Array());
  expect("status" in reply && reply.status.code).toBe(grpcCodes.UNIMPLEMENTED);
});

test("a port in use, and an address that is none, are refused with the reason", async () => {
  const { server } = await openDoor();
  const common = {
    tier: new FakeTier(),
    admin: fakeAdmin,
    clock: new SystemClock(),
    reflection: false,
  };
  expect(await serveGrpc({ ...common, listen: server.address })).toMatchObject({
    kind: "refused",
    message: expect.stringContaining("EADDRINUSE"),
  });
  expect(await serveGrpc({ ...common, listen: "nowhere" })).toMatchObject({ kind: "refused" });
});
