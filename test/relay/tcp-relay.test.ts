import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { TcpRelay } from "./tcp-relay.ts";

let server: Server;
let relay: TcpRelay;
let client: Socket;
let received: string;

beforeEach(async () => {
  received = "";
  server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (chunk) => socket.write(`echo ${chunk}`));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  relay = await TcpRelay.start((server.address() as AddressInfo).port);
  client = await open();
});

afterEach(async () => {
  client.destroy();
  await relay.stop();
  server.close();
});

async function open(): Promise<Socket> {
  const socket = connect(relay.port, "127.0.0.1");
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    received += chunk;
  });
  await once(socket, "connect");
  return socket;
}

/** The end of a connection; `once` would take a reset for a failure. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.on("close", () => resolve()));
}

/** A connection that the relay breaks, however far it came. */
function refused(): Promise<void> {
  const socket = connect(relay.port, "127.0.0.1");
  socket.on("error", () => {});
  return closed(socket);
}

async function hear(text: string): Promise<void> {
  while (received !== text) await once(client, "data");
}

test("passes bytes both ways", async () => {
  client.write("hello");
  await hear("echo hello");
  expect(relay.accepted).toBe(1);
});

test("delays each direction by its latency, in order", async () => {
  relay.shape("toServer", { latencyMs: 60, jitterMs: 20 });
  relay.shape("toClient", { latencyMs: 40 });
  const startMs = performance.now();
  for (const letter of "abc") {
    client.write(letter);
    await sleep(5);
  }
  while (received.replaceAll("echo ", "") !== "abc") await once(client, "data");
  expect(performance.now() - startMs).toBeGreaterThan(99);
});

test("holds the answers and lets the requests through, until it is mended", async () => {
  relay.shape("toClient", { held: true });
  client.write("one");
  await sleep(50);
  expect(received).toBe("");
  relay.mend();
  await hear("echo one");
});

test("holds everything where it is a black hole", async () => {
  const heard: Buffer[] = [];
  server.on("connection", (socket) => socket.on("data", (chunk) => heard.push(chunk)));
  relay.blackhole();
  const late = await open();
  late.write("late");
  await sleep(50);
  expect(heard).toEqual([]);
  relay.mend();
  while (received !== "echo late") await once(late, "data");
});

test("throttles", async () => {
  relay.shape("toServer", { bytesPerSecond: 100_000 });
  const startMs = performance.now();
  client.write("x".repeat(10_000));
  while (received.replaceAll("echo ", "").length < 10_000) await once(client, "data");
  expect(performance.now() - startMs).toBeGreaterThan(90);
});

test("breaks connections, and refuses new ones until it is mended", async () => {
  const broken = closed(client);
  relay.cut();
  await broken;
  await refused();
  relay.mend();
  client = await open();
  client.write("again");
  await hear("echo again");
  expect(relay.accepted).toBe(2);
});

test("passes a server that is not there on as a broken connection", async () => {
  server.close();
  client.destroy();
  await refused();
});

test("aims at another server: who connects comes to that one, who was there stays", async () => {
  const other = createServer((socket) => socket.end("other"));
  other.listen(0, "127.0.0.1");
  await once(other, "listening");
  onTestFinished(() => void other.close());
  relay.aim((other.address() as AddressInfo).port);
  const later = connect(relay.port, "127.0.0.1");
  const [chunk] = await once(later, "data");
  expect(String(chunk)).toBe("other");
  later.destroy();
  client.write("hello");
  await hear("echo hello");
});
