import { Server, ServerCredentials } from "@grpc/grpc-js";
import { SystemClock } from "@holdfast/base/clock";
import type { Failure } from "@holdfast/base/failure";
import type { Command } from "@holdfast/core/command/command";
import type { LockState } from "@holdfast/core/command/outcome";
import { afterEach, expect, test } from "vitest";
import { type StubMessage, StubRouter, stubHello } from "../testing/stub-router.ts";
import type { Connection, ConnectionEvent } from "../transport.ts";
import { GrpcTransport } from "./grpc-transport.ts";

const transport = new GrpcTransport(new SystemClock(), { name: "test", version: "1" });
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

async function routerThat(onMessage: (message: StubMessage) => void): Promise<StubRouter> {
  const router = await new StubRouter(onMessage).start();
  cleanups.push(() => router.stop());
  return router;
}

/** Connects, and keeps what is heard unasked. */
async function connected(router: StubRouter) {
  const events: ConnectionEvent[] = [];
  const { promise: closed, resolve } = Promise.withResolvers<string>();
  const reply = await transport.connect(router.endpoint, {
    onEvent: (event) => events.push(event),
    onClosed: resolve,
  });
  if (reply.kind === "failure") throw new Error(reply.message);
  cleanups.push(() => reply.connection.close());
  return { connection: reply.connection, events, closed };
}

function get(name: string): Extract<Command, { kind: "get" }> {
  return { kind: "get", lock: { region: "stub", namespace: "default", name } };
}

/** The state of the lock asked for, which names it. */
function stateOf(command: Command): LockState {
  if (command.kind !== "get") throw new Error(command.kind);
  const counts = { holderCount: 0, waiterCount: 0, revision: 1n };
  const { lock } = command;
  return { kind: "lock", lock, shard: "s0", slot: 0, holders: [], waiters: [], ...counts };
}

async function nameIn(connection: Connection, name: string): Promise<string> {
  const outcome = await connection.send(get(name));
  return outcome.kind === "lock" ? outcome.lock.name : outcome.code;
}

/** Says hello, then answers every batch in reverse order, and counts the batches. */
function honest(batches: number[]): (message: StubMessage) => void {
  return ({ commands, clientName, answer }) => {
    if (clientName !== undefined) answer(stubHello);
    if (commands.length === 0) return;
    batches.push(commands.length);
    answer((writer) => {
      for (const { id, command } of [...commands].reverse()) {
        writer.result(id, command.kind, stateOf(command));
      }
    });
  };
}

test("a connection knows its router's region, and each answer finds its command", async () => {
  const { connection } = await connected(await routerThat(honest([])));
  expect(connection.region).toBe("stub");
  const names = ["a", "b", "c"];
  expect(await Promise.all(names.map((name) => nameIn(connection, name)))).toEqual(names);
});

test("all commands of one turn of the event loop travel in one message", async () => {
  const batches: number[] = [];
  const { connection } = await connected(await routerThat(honest(batches)));
  const answers = Array.from({ length: 500 }, (_, index) => nameIn(connection, `n${index}`));
  await Promise.all(answers);
  expect(batches).toEqual([500]);
});

test("a turn's commands above the size of a message are split", async () => {
  const batches: number[] = [];
  const { connection } = await connected(await routerThat(honest(batches)));
  const long = "n".repeat(240);
  await Promise.all(Array.from({ length: 2_000 }, (_, i) => nameIn(connection, `${long}${i}`)));
  expect(batches.length).toBeGreaterThan(3);
  expect(batches.reduce((sum, size) => sum + size)).toBe(2_000);
});

test("what has no answer when the stream breaks is unknown, and the end is told once", async () => {
  const router = await routerThat(({ commands, clientName, answer, hangUp }) => {
    if (clientName !== undefined) answer(stubHello);
    if (commands.length > 0) hangUp();
  });
  const { connection, closed } = await connected(router);
  expect(await connection.send(get("a"))).toMatchObject({ code: "UNKNOWN_OUTCOME" });
  await closed;
  expect(await connection.send(get("b"))).toMatchObject({ code: "UNKNOWN_OUTCOME" });
});

test("a message that is none ends the connection", async () => {
  const router = await routerThat(({ commands, clientName, answer, garble }) => {
    if (clientName !== undefined) answer(stubHello);
    if (commands.length > 0) garble(Buffer.from("no protobuf at all"));
  });
  const { connection, closed } = await connected(router);
  expect(await connection.send(get("a"))).toMatchObject({ code: "UNKNOWN_OUTCOME" });
  expect(await closed).toContain("no answer of a Holdfast router");
});

test("a first answer without a hello is that of no router", async () => {
  const router = await routerThat(({ answer }) => answer(() => {}));
  const reply = await transport.connect(router.endpoint, { onEvent: () => {}, onClosed: () => {} });
  expect(reply).toMatchObject({ kind: "failure", code: "UNIMPLEMENTED" });
});

test("a gRPC server that knows no such stream is no router", async () => {
  const server = new Server();
  cleanups.push(() => server.forceShutdown());
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  const endpoint = `127.0.0.1:${port}`;
  const reply = await transport.connect(endpoint, { onEvent: () => {}, onClosed: () => {} });
  expect(reply).toMatchObject({
    code: "UNIMPLEMENTED",
    message: expect.stringContaining(`${endpoint} answers, but is no Holdfast router`),
  });
});

test("a router that breaks the stream before its hello may be one all the same", async () => {
  const router = await routerThat(({ hangUp }) => hangUp());
  const reply = await transport.connect(router.endpoint, { onEvent: () => {}, onClosed: () => {} });
  expect(reply).toMatchObject({ kind: "failure", code: "SHARD_UNAVAILABLE" });
});

test("a refused connection is a failure that names the endpoint", async () => {
  const router = await new StubRouter(() => {}).start();
  router.stop();
  const reply = await transport.connect(router.endpoint, { onEvent: () => {}, onClosed: () => {} });
  expect((reply as Failure).message).toContain(router.endpoint);
});

test("places in line reach the acquire that waits, other events the listener", async () => {
  const lock = { region: "stub", namespace: "default", name: "a" };
  const grantId = "g".repeat(22) as never;
  const router = await routerThat(({ commands, clientName, answer }) => {
    if (clientName !== undefined) answer(stubHello);
    for (const { id, command } of commands) {
      answer((writer) => {
        writer.event({ kind: "queue-position", id, position: 4 });
        writer.event({ kind: "grant-lost", lock, grantId });
        writer.event({ kind: "go-away", reason: "test", drainMs: 700, reconnect: true });
        writer.result(id, command.kind, { kind: "cancelled" });
      });
    }
  });
  const { connection, events } = await connected(router);
  const places: number[] = [];
  const outcome = await connection.send(
    {
      kind: "acquire",
      lock,
      scope: "local",
      mode: "exclusive",
      requestId: "r1" as never,
      session: "s".repeat(22) as never,
      waitMs: 1_000,
      owner: "test",
      metadata: {},
    },
    (place) => places.push(place),
  );
  expect(outcome).toEqual({ kind: "cancelled" });
  expect(places).toEqual([4]);
  expect(events).toEqual([
    { kind: "grant-lost", lock, grantId },
    { kind: "go-away", drainMs: 700, reconnect: true },
  ]);
});

test("closing answers what is pending with unknown and tells the listener", async () => {
  const router = await routerThat(({ clientName, answer }) => {
    if (clientName !== undefined) answer(stubHello);
  });
  const { connection, closed } = await connected(router);
  const sending = connection.send(get("a"));
  connection.close();
  connection.close();
  expect(await sending).toMatchObject({ code: "UNKNOWN_OUTCOME" });
  expect(await closed).toBe("closed by the client");
});
