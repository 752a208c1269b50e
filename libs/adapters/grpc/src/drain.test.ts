import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Server } from "@grpc/grpc-js";
import { UnaryCodec, unaryPaths } from "@holdfast/api/codec/unary-codec";
import { grpcCodes } from "@holdfast/api/failure-status";
import {
  HealthCheckRequest,
  HealthCheckResponse,
} from "@holdfast/api/generated/grpc/health/v1/health";
import { SystemClock } from "@holdfast/base/clock";
import type { Outcome } from "@holdfast/core/command/outcome";
import { expect, test } from "vitest";
import { failureIn } from "./peer-channel.ts";
import { openServerDoor } from "./server-door.ts";
import { openDoor, tryFor } from "./testing/open-door.ts";

const codec = new UnaryCodec();
const clock = new SystemClock();

async function took(work: Promise<unknown>): Promise<number> {
  const startedMs = clock.monotonicMs();
  await work;
  return clock.monotonicMs() - startedMs;
}

test("a drain tells health and streams, answers what was asked, and ends with the last of it", async () => {
  const { server, client, tier } = await openDoor();
  const health: number[] = [];
  const request = HealthCheckRequest.encode({ service: "" }).finish();
  const watch = client.follow("/grpc.health.v1.Health/Watch", request, (bytes) => {
    health.push(HealthCheckResponse.decode(bytes).status);
  });
  const stream = client.connect();
  stream.hello();
  const answers: ((outcome: Outcome) => void)[] = [];
  tier.instead = () =>
    new Promise((resolve) => {
      answers.push(resolve);
    });
  stream.ask([tryFor("a")]);
  const single = client.call(unaryPaths.acquire, codec.writeRequest(tryFor("b")));
  await expect.poll(() => tier.asked.length).toBe(2);
  await expect.poll(() => health).toEqual([1]);

  const drained = server.drain(5_000);
  await stream.until((received) => received.some(({ events }) => events.length > 0));
  expect(stream.received.flatMap(({ events }) => events)).toEqual([
    { kind: "go-away", reason: "The router stops.", drainMs: 5_000, reconnect: false },
  ]);
  await watch.ended;
  expect(health).toEqual([1, 2]);

  for (const answer of answers) answer({ kind: "cancelled" });
  stream.halfClose();
  expect((await stream.ended).code).toBe(grpcCodes.OK);
  expect(stream.received.flatMap(({ results }) => results)).toHaveLength(1);
  expect("bytes" in (await single)).toBe(true);
  client.close();
  expect(await took(drained)).toBeLessThan(2_000);
});

test("connections hear of a drain when all streams have been told", async () => {
  const server = new Server();
  const told = Promise.withResolvers<void>();
  const door = await openServerDoor(server, "127.0.0.1:0", clock, { begin: () => told.promise });
  if (door.kind === "refused") throw new Error(door.message);
  const session = connectHttp2(`http://${door.address}`);
  await once(session, "connect");
  let isToGo = false;
  session.on("goaway", () => {
    isToGo = true;
  });
  const drained = door.drain(1_000);
  await sleep(200);
  expect(isToGo).toBe(false);
  told.resolve();
  await expect.poll(() => isToGo).toBe(true);
  session.close();
  await drained;
});

test("a drain cuts what is left when its time is over", async () => {
  const { server, client, tier } = await openDoor();
  const stream = client.connect();
  stream.hello();
  tier.instead = () => new Promise(() => {});
  stream.ask([tryFor("a", { waitMs: 60_000 })]);
  const single = client.call(unaryPaths.acquire, codec.writeRequest(tryFor("b")));
  await expect.poll(() => tier.asked.length).toBe(2);
  const tookMs = await took(server.drain(300));
  expect(tookMs).toBeGreaterThan(250);
  expect(tookMs).toBeLessThan(2_000);
  expect(failureIn(await stream.ended)).toMatchObject({ code: "SHARD_UNAVAILABLE" });
  const reply = await single;
  expect("status" in reply && reply.status.code).not.toBe(grpcCodes.OK);
  expect(tier.asked.every(({ call }) => call.cancellation.cancelled)).toBe(true);
});

test("a connection that died without a word is cut, and with it what it asked for", async () => {
  const { server, tier } = await openDoor({ keepaliveMs: 200, keepaliveTimeoutMs: 200 });
  tier.instead = () => new Promise(() => {});
  let socket: Socket | undefined;
  const session = connectHttp2(`http://${server.address}`, {
    createConnection: () => {
      const [host, port] = server.address.split(":");
      socket = connect(Number(port), host);
      return socket;
    },
  });
  session.on("error", () => {});
  const stream = session.request({
    ":method": "POST",
    ":path": unaryPaths.acquire,
    "content-type": "application/grpc+proto",
    te: "trailers",
  });
  stream.on("error", () => {});
  const request = codec.writeRequest(tryFor("a", { waitMs: 60_000 }));
  const head = Buffer.alloc(5);
  head.writeUInt32BE(request.length, 1);
  stream.end(Buffer.concat([head, request]));
  await expect.poll(() => tier.asked.length).toBe(1);
  // From here on the client neither reads nor writes, as if its machine were gone.
  socket?.pause();
  const handle = (socket as unknown as { _handle: { readStop(): void } })._handle;
  handle.readStop();
  await expect
    .poll(() => tier.asked[0]?.call.cancellation.cancelled, { timeout: 5_000 })
    .toBe(true);
  session.destroy();
});

test("a connection that says nothing at all is cut", async () => {
  const { server } = await openDoor({ keepaliveMs: 100, keepaliveTimeoutMs: 100 });
  const [host, port] = server.address.split(":");
  const socket = connect(Number(port), host);
  socket.on("error", () => {});
  socket.resume();
  await once(socket, "close");
});
