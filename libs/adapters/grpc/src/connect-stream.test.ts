import { ConnectRequestWriter } from "@holdfast/api/codec/connect-request";
import type { ConnectResponseContent } from "@holdfast/api/codec/connect-response";
import { UnaryCodec, unaryPaths } from "@holdfast/api/codec/unary-codec";
import { grpcCodes } from "@holdfast/api/failure-status";
import { ConnectRequest } from "@holdfast/api/generated/holdfast/v1/connect";
import type { LeaseId, RequestId, SessionId } from "@holdfast/base/ids";
import type { AcquireCommand } from "@holdfast/core/command/command";
import type { Outcome } from "@holdfast/core/command/outcome";
import { limits } from "@holdfast/core/limits";
import { grantIdOf } from "@holdfast/core/lock/grant-id";
import { expect, test } from "vitest";
import { failureIn } from "./peer-channel.ts";
import { globally, openDoor, tryFor } from "./testing/open-door.ts";
import { RawClient, type RawStream } from "./testing/raw-client.ts";

const codec = new UnaryCodec();
const session = "S".repeat(22) as SessionId;

function resultsIn(received: readonly ConnectResponseContent[]) {
  return received.flatMap(({ results }) => results);
}

function eventsIn(received: readonly ConnectResponseContent[]) {
  return received.flatMap(({ events }) => events);
}

function answered(count: number) {
  return (received: readonly ConnectResponseContent[]) => resultsIn(received).length >= count;
}

async function greeted(client: RawClient): Promise<RawStream> {
  const stream = client.connect();
  stream.hello();
  await stream.until((received) => received.length > 0);
  return stream;
}

function underSession(name: string): AcquireCommand {
  const { ttlMs: _ttlMs, ...rest } = tryFor(name);
  return { ...rest, session };
}

test("the server says hello first, with its region and what a stream may carry", async () => {
  const { client } = await openDoor();
  const stream = await greeted(client);
  expect(stream.received[0]?.hello).toEqual({
    region: "us-east-1",
    routerId: "router-1",
    cluster: "test",
    version: "0.1.0",
    messageBytesMax: 1_048_576,
    commandsInFlightMax: 20_000,
  });
  stream.halfClose();
  expect((await stream.ended).code).toBe(grpcCodes.OK);
});

test("a batch of 500 commands is answered in far fewer messages, each with its own answer", async () => {
  const { client } = await openDoor();
  const stream = await greeted(client);
  stream.ask(Array.from({ length: 500 }, (_, index) => tryFor(`lock/${index}`)));
  await stream.until(answered(500));
  const results = resultsIn(stream.received);
  expect(new Set(results.map(({ id }) => id)).size).toBe(500);
  for (const { id, outcome } of results) {
    expect(outcome).toMatchObject({ kind: "granted", grant: { lock: { name: `lock/${id - 1}` } } });
  }
  expect(stream.received.length).toBeLessThan(20);
});

test("a command that breaks a rule is answered alone", async () => {
  const { client, tier } = await openDoor();
  const stream = await greeted(client);
  stream.ask([tryFor("a/../b"), tryFor("a")]);
  await stream.until(answered(2));
  const outcomes = new Map(resultsIn(stream.received).map(({ id, outcome }) => [id, outcome]));
  expect(outcomes.get(1)).toMatchObject({ code: "INVALID_ARGUMENT", field: "lock.name" });
  expect(outcomes.get(2)).toMatchObject({ kind: "granted" });
  expect(tier.asked).toHaveLength(1);
});

test("a command of a later version is answered as unimplemented", async () => {
  const { client } = await openDoor();
  const stream = await greeted(client);
  const commands = [{ id: 5, command: undefined }];
  stream.send(ConnectRequest.encode({ gone: [], hello: undefined, commands }).finish());
  await stream.until(answered(1));
  expect(resultsIn(stream.received)).toMatchObject([{ id: 5, outcome: { code: "UNIMPLEMENTED" } }]);
});

test("what a stream asked for is to be kept when the stream is lost", async () => {
  const { client, tier } = await openDoor();
  const stream = await greeted(client);
  tier.instead = () => new Promise(() => {});
  stream.ask([tryFor("a", { waitMs: 1_000 })]);
  await expect.poll(() => tier.asked.length).toBe(1);
  const { call } = tier.asked[0]!;
  expect(call.onCallerLost).toBe("keep");
  expect(call.cancellation.cancelled).toBe(false);
  stream.cancel();
  await expect.poll(() => call.cancellation.cancelled).toBe(true);
});

test("a waiter hears its place in the queue before its answer", async () => {
  const { client, tier } = await openDoor();
  const stream = await greeted(client);
  tier.instead = async (_command, call) => {
    call.onPosition?.(3);
    return { kind: "timeout", holders: [], queueLength: 2 };
  };
  stream.ask([tryFor("a", { waitMs: 1_000 })], 9);
  await stream.until(answered(1));
  expect(eventsIn(stream.received)).toEqual([{ kind: "queue-position", id: 9, position: 3 }]);
});

test("a waiter for a global lock hears which leases its place hangs on, and no other does", async () => {
  const { client, tier } = await openDoor();
  const stream = await greeted(client);
  const leases = ["us-east-1", "eu-west-1"].map((region) => ({
    region,
    shard: "s0",
    leaseId: 7n as LeaseId,
  }));
  tier.instead = async (_command, call) => {
    call.onLeases?.(leases);
    return { kind: "timeout", holders: [], queueLength: 2 };
  };
  stream.ask([tryFor("a", { ...globally, waitMs: 1_000 })], 9);
  stream.ask([tryFor("a", { waitMs: 1_000 }), tryFor("a", globally)], 10);
  await stream.until(answered(3));
  expect(eventsIn(stream.received)).toEqual([{ kind: "place-leases", id: 9, leases }]);
});

test("garbage ends its stream and no other one of the connection", async () => {
  const { client } = await openDoor();
  const [good, bad] = [await greeted(client), await greeted(client)];
  bad.send(Buffer.from([0xff, 0xff, 0xff]));
  const status = await bad.ended;
  expect(status.code).toBe(grpcCodes.INVALID_ARGUMENT);
  expect(failureIn(status)).toMatchObject({ code: "INVALID_ARGUMENT" });
  good.ask([tryFor("a")]);
  await good.until(answered(1));
});

test("a message of more than 1 MiB ends its stream", async () => {
  const { client } = await openDoor();
  const stream = await greeted(client);
  stream.send(Buffer.alloc(limits.streamMessageBytesMax + 1));
  expect(await stream.ended).toMatchObject({ code: grpcCodes.RESOURCE_EXHAUSTED });
});

test("a batch of exactly 1 MiB is carried out", async () => {
  const { client } = await openDoor();
  const stream = await greeted(client);
  const writer = new ConnectRequestWriter();
  writer.command(1, tryFor("a"));
  const request = writer.take();
  const filling = limits.streamMessageBytesMax - request.length - 4;
  const head = Buffer.from([
    0x7a,
    (filling & 0x7f) | 0x80,
    ((filling >> 7) & 0x7f) | 0x80,
    filling >> 14,
  ]);
  stream.send(Buffer.concat([request, head, Buffer.alloc(filling)]));
  await stream.until(answered(1));
});

test("a stream that does not say hello first, or says it twice, is ended", async () => {
  const { client } = await openDoor();
  const rude = client.connect();
  rude.ask([tryFor("a")]);
  expect(failureIn(await rude.ended)).toMatchObject({ code: "INVALID_ARGUMENT", field: "hello" });
  const eager = await greeted(client);
  eager.hello();
  expect(failureIn(await eager.ended)).toMatchObject({ code: "INVALID_ARGUMENT", field: "hello" });
});

test("a stream that says nothing is ended", async () => {
  const { client, server } = await openDoor({ helloTimeoutMs: 100 });
  const stream = client.connect();
  expect(failureIn(await stream.ended)).toMatchObject({ code: "INVALID_ARGUMENT" });
  expect(server.streamCount).toBe(0);
});

test("a thousand streams of one connection are served, and the next one waits for a place", async () => {
  const { client, server } = await openDoor({ helloTimeoutMs: 60_000 });
  const streams = Array.from({ length: limits.streamsPerConnectionMax }, () => client.connect());
  for (const stream of streams) stream.hello();
  await Promise.all(streams.map((stream) => stream.until((received) => received.length > 0)));
  expect(server.streamCount).toBe(1_000);
  const late = client.connect();
  late.hello();
  // Somebody else's connection does not notice.
  const other = new RawClient(server.address);
  await greeted(other);
  other.close();
  expect(late.received).toHaveLength(0);
  streams[0]?.halfClose();
  await late.until((received) => received.length > 0);
});

test("past the commands in flight a stream is read no further, and nothing fails", async () => {
  const { client, tier } = await openDoor();
  const stream = await greeted(client);
  const waiting: (() => void)[] = [];
  tier.instead = () =>
    new Promise<Outcome>((resolve) => {
      waiting.push(() => resolve({ kind: "cancelled" }));
    });
  const count = limits.commandsInFlightMax + 5_000;
  const command = tryFor("a");
  stream.ask(Array.from({ length: count }, () => command));
  await expect.poll(() => waiting.length, { timeout: 8_000 }).toBe(limits.commandsInFlightMax);
  // Time enough for a server that reads on.
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(waiting).toHaveLength(limits.commandsInFlightMax);
  tier.instead = async () => ({ kind: "cancelled" });
  for (const answer of waiting) answer();
  await stream.until(answered(count));
});

test("a wait that has not begun, and whose asker is gone, never begins", async () => {
  const { client, tier } = await openDoor();
  const stream = await greeted(client);
  tier.instead = () => new Promise(() => {});
  const [last, late] = [limits.commandsInFlightMax, limits.commandsInFlightMax + 1];
  stream.ask(Array.from({ length: last - 1 }, () => tryFor("a")));
  const writer = new ConnectRequestWriter();
  for (const id of [last, late]) writer.command(id, tryFor("b", { waitMs: 60_000 }));
  // That of nobody, and of one that is no wait, are passed over.
  for (const id of [late, late + 1, 1]) writer.gone(id);
  stream.send(writer.take());
  await stream.until(answered(1));
  // It may be a repeat of one that has its place, or the lock.
  expect(resultsIn(stream.received)).toMatchObject([
    { id: late, outcome: { code: "UNKNOWN_OUTCOME" } },
  ]);
  expect(tier.asked).toHaveLength(last);
  expect(tier.asked.some(({ call }) => call.cancellation.cancelled)).toBe(false);
});

// Where each name is looked for in all that is unread, this takes a minute.
test("a message that names all it has room for as gone keeps nobody waiting", {
  timeout: 20_000,
}, async () => {
  const { client, tier } = await openDoor();
  const stream = await greeted(client);
  tier.instead = () => new Promise(() => {});
  stream.ask(Array.from({ length: limits.commandsInFlightMax - 1 }, () => tryFor("a")));
  const writer = new ConnectRequestWriter();
  writer.command(limits.commandsInFlightMax, tryFor("last"));
  const last = writer.take();
  // Commands without content, of which none begins.
  const empty = Buffer.alloc(400_000);
  for (let at = 0; at < empty.length; at += 2) empty[at] = 0x12;
  writer.command(1, tryFor("late", { waitMs: 60_000 }));
  for (let id = 1; writer.length < 400_000; id = (id % 100) + 1) writer.gone(id);
  stream.send(Buffer.concat([last, empty, writer.take()]));
  await stream.until(answered(1));
  expect(resultsIn(stream.received)).toMatchObject([{ outcome: { code: "UNKNOWN_OUTCOME" } }]);
});

test("waits under one id end with their stream, and neither takes the other's name along", async () => {
  const { client, tier } = await openDoor();
  const stream = await greeted(client);
  const answers: ((outcome: Outcome) => void)[] = [];
  tier.instead = () => new Promise((resolve) => answers.push(resolve));
  for (const name of ["a", "b", "c"]) stream.ask([tryFor(name, { waitMs: 60_000 })]);
  await expect.poll(() => answers.length).toBe(3);
  answers[1]?.({ kind: "cancelled" });
  await stream.until(answered(1));
  const cancelled = () => tier.asked.map(({ call }) => call.cancellation.cancelled);
  const writer = new ConnectRequestWriter();
  writer.gone(1);
  stream.send(writer.take());
  await expect.poll(cancelled).toEqual([true, false, false]);
  answers[0]?.({ kind: "cancelled" });
  await stream.until(answered(2));
  stream.cancel();
  await expect.poll(cancelled).toEqual([true, true, true]);
  expect(resultsIn(stream.received)).toMatchObject([
    { outcome: { kind: "cancelled" } },
    { outcome: { code: "UNKNOWN_OUTCOME" } },
  ]);
});

test("a client that does not read its answers is read no further, and nothing is lost", async () => {
  const { client, tier } = await openDoor();
  const stream = await greeted(client);
  const metadata = { filling: "x".repeat(4_000) };
  stream.ask([tryFor("a", { metadata })]);
  await stream.until(answered(1));
  stream.pause();
  const count = 4_000;
  const command = tryFor("a");
  // Some 16 MiB of answers.
  for (let sent = 0; sent < count; sent += 100) {
    stream.ask(
      Array.from({ length: 100 }, () => command),
      10 + sent,
    );
  }
  await expect.poll(() => tier.asked.length).toBeGreaterThan(100);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(tier.asked.length).toBeLessThan(count);
  stream.resume();
  await stream.until(answered(count + 1));
});

test("whoever got a grant through a stream hears at once that it was taken away", async () => {
  const { client } = await openDoor();
  const [holder, other] = [await greeted(client), await greeted(client)];
  const command = underSession("a");
  holder.ask([command]);
  await holder.until(answered(1));
  await client.call(
    unaryPaths["force-release"],
    codec.writeRequest({
      kind: "force-release",
      lock: command.lock,
      requestId: "r" as RequestId,
      actor: "a",
      reason: "b",
    }),
  );
  await holder.until((received) => eventsIn(received).length > 0);
  expect(eventsIn(holder.received)).toEqual([
    {
      kind: "grant-lost",
      lock: command.lock,
      grantId: grantIdOf(session, command.requestId),
    },
  ]);
  expect(eventsIn(other.received)).toEqual([]);
});

test("whoever uses a session hears at once that somebody else closed it", async () => {
  const { client } = await openDoor();
  const [owner, other] = [await greeted(client), await greeted(client)];
  const heartbeat = { kind: "heartbeat", session, ttlMs: 15_000, leases: [], list: false } as const;
  owner.ask([heartbeat]);
  await owner.until(answered(1));
  other.ask([{ kind: "close-session", session, leases: [] }]);
  await owner.until((received) => eventsIn(received).length > 0);
  expect(eventsIn(owner.received)).toEqual([{ kind: "session-lost", session }]);
  expect(eventsIn(other.received)).toEqual([]);
});
