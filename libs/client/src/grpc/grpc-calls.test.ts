import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from "@grpc/grpc-js";
import { writeListResponse, writeWatchResponse } from "@holdfast/api/codec/query-codec";
import { statusDetailsKey, statusOf } from "@holdfast/api/failure-status";
import {
  AdminServiceService,
  GetVersionResponse,
} from "@holdfast/api/generated/holdfast/v1/admin_service";
import { SystemClock } from "@holdfast/base/clock";
import { type Failure, failure } from "@holdfast/base/failure";
import type { LockEvent } from "@holdfast/core/lock/lock-event";
import { afterEach, expect, test } from "vitest";
import { Admin } from "./admin.ts";
import { GrpcCalls } from "./grpc-calls.ts";
import { GrpcDirectory } from "./grpc-directory.ts";

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

const bytes = (buffer: Buffer) => buffer;
const raw = {
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
};

type Unary = (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) => void;
type Streaming = (stream: ServerWritableStream<Buffer, Buffer>) => void;

/** A server whose List, Watch and GetVersion are the test's. */
async function serving(methods: { list?: Unary; watch?: Streaming; getVersion?: Unary }) {
  const server = new Server();
  const { list, watch, getVersion } = methods;
  const path = "/holdfast.v1.LockService";
  const unary = { requestStream: false, responseStream: false, ...raw };
  if (list) server.addService({ list: { path: `${path}/List`, ...unary } }, { list });
  if (watch) {
    const streaming = { path: `${path}/Watch`, ...unary, responseStream: true };
    server.addService({ watch: streaming }, { watch });
  }
  if (getVersion) {
    const { path: versionPath } = AdminServiceService.getVersion;
    server.addService({ getVersion: { path: versionPath, ...unary } }, { getVersion });
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  const calls = new GrpcCalls(new SystemClock());
  cleanups.push(() => {
    calls.close();
    server.forceShutdown();
  });
  return { calls, endpoint: `127.0.0.1:${port}` };
}

const query = { region: "us", namespace: "default", prefix: "a", pageSize: 10, pageToken: "" };
const watching = { ...query, name: "a", prefix: true, withCurrent: false };
const tenant = {
  grantId: "h".repeat(22) as never,
  mode: "exclusive",
  owner: "other",
  metadata: { why: "test" },
  token: 2n ** 60n,
  ageMs: 10,
  hasSession: true,
  ttlMs: 15_000,
} as const;
const lock = { region: "us", namespace: "default", name: "abc" };

/** Fails a call the way a Holdfast server does. */
function refusing(found: Failure): Unary {
  return (_call, done) => {
    const { code, message, detailsBin } = statusOf(found);
    const metadata = new Metadata();
    metadata.set(statusDetailsKey, Buffer.from(detailsBin));
    done({ code, details: message, metadata });
  };
}

test("a page of locks comes through whole", async () => {
  const page = { kind: "page", locks: [{ lock, holder: tenant }], nextPageToken: "more" } as const;
  const { calls, endpoint } = await serving({
    list: (_call, done) => done(null, Buffer.from(writeListResponse(page))),
  });
  expect(await new GrpcDirectory(calls).list(endpoint, query)).toEqual(page);
});

test("a failure of the service comes through as it is", async () => {
  const found = failure("RATE_LIMITED", "Slow down.", { retryAfterMs: 70 });
  const { calls, endpoint } = await serving({ list: refusing(found) });
  expect(await new GrpcDirectory(calls).list(endpoint, query)).toEqual(found);
});

test("a server that cannot be reached is a failure that may be asked again", async () => {
  const calls = new GrpcCalls(new SystemClock());
  cleanups.push(() => calls.close());
  const answer = await new GrpcDirectory(calls).list("127.0.0.1:1", query);
  expect(answer).toMatchObject({ kind: "failure", code: "SHARD_UNAVAILABLE" });
});

test("bytes that are no answer are no router's", async () => {
  const { calls, endpoint } = await serving({
    list: (_call, done) => done(null, Buffer.from([0x0a, 0xff])),
  });
  const answer = await new GrpcDirectory(calls).list(endpoint, query);
  expect(answer).toMatchObject({ code: "UNIMPLEMENTED" });
});

test("a watch hears batches until the server ends it, and its end once", async () => {
  const event: LockEvent = { kind: "LockAcquired", lock, tenant, shard: "s0", revision: 7n };
  const { calls, endpoint } = await serving({
    watch: (stream) => {
      stream.write(Buffer.from(writeWatchResponse([])));
      stream.write(Buffer.from(writeWatchResponse([event])));
      stream.end();
    },
  });
  const batches: (readonly LockEvent[])[] = [];
  const { promise, resolve } = Promise.withResolvers<Failure>();
  new GrpcDirectory(calls).watch(endpoint, watching, {
    onEvents: (events) => batches.push(events),
    onEnd: resolve,
  });
  expect((await promise).code).toBe("SHARD_UNAVAILABLE");
  expect(batches).toEqual([[], [event]]);
});

test("a cancelled watch hears nothing more", async () => {
  const { promise: cancelled, resolve } = Promise.withResolvers<void>();
  const { calls, endpoint } = await serving({
    watch: (stream) => {
      stream.write(Buffer.from(writeWatchResponse([])));
      stream.on("cancelled", resolve);
    },
  });
  const heard: string[] = [];
  const watch = new GrpcDirectory(calls).watch(endpoint, watching, {
    onEvents: () => {
      heard.push("events");
      watch.cancel();
    },
    onEnd: () => heard.push("end"),
  });
  await cancelled;
  expect(heard).toEqual(["events"]);
});

test("the admin calls answer with the service's own words, and throw its failures", async () => {
  const version = GetVersionResponse.encode({
    version: "1.2.3",
    cluster: "test",
    region: "us",
    routerId: "r1",
    store: "memory",
    uptimeMs: 5n,
  }).finish();
  const good = await serving({ getVersion: (_call, done) => done(null, Buffer.from(version)) });
  expect(await new Admin(good.calls, good.endpoint).version()).toMatchObject({
    version: "1.2.3",
    uptimeMs: 5n,
  });
  const bad = await serving({ getVersion: refusing(failure("PERMISSION_DENIED", "No.")) });
  await expect(new Admin(bad.calls, bad.endpoint).version()).rejects.toMatchObject({
    code: "PERMISSION_DENIED",
  });
});

test("calls on a closed client fail at once", async () => {
  const calls = new GrpcCalls(new SystemClock());
  calls.close();
  const directory = new GrpcDirectory(calls);
  expect(await directory.list("127.0.0.1:1", query)).toMatchObject({ code: "INVALID_ARGUMENT" });
  const ended = new Promise<Failure>((resolve) =>
    directory.watch("127.0.0.1:1", watching, { onEvents: () => {}, onEnd: resolve }),
  );
  expect((await ended).code).toBe("INVALID_ARGUMENT");
});
