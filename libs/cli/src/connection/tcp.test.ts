import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { SystemClock } from "@holdfast/base/clock";
import { expect, onTestFinished, test } from "vitest";
import { listenerAt } from "./tcp.ts";

const clock = new SystemClock();

/** Starts `server` on a free port of loopback until the test is over. */
async function endpointOf(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket.on("error", () => {})));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("a server of HTTP/2 is known by its greeting", async () => {
  expect(await listenerAt(clock, await endpointOf(createHttp2Server()))).toBe("http2");
});

test("a web server of HTTP/1, and whatever else answers, is foreign", async () => {
  expect(await listenerAt(clock, await endpointOf(createHttpServer()))).toBe("foreign");
  const other = createServer((socket) => socket.on("data", () => socket.write("-ERR unknown\r\n")));
  expect(await listenerAt(clock, await endpointOf(other))).toBe("foreign");
});

test("a greeting that comes a byte at a time is put together", async () => {
  const slow = createServer((socket) => {
    socket.setNoDelay(true);
    for (const byte of [0, 0, 0, 4, 0]) socket.write(Buffer.from([byte]));
  });
  expect(await listenerAt(clock, await endpointOf(slow))).toBe("http2");
});

test("what says nothing, or hangs up, may be a router that is slow or about to stop", async () => {
  expect(await listenerAt(clock, await endpointOf(createServer(() => {})))).toBe("silent");
  const rude = createServer((socket) => socket.end());
  expect(await listenerAt(clock, await endpointOf(rude))).toBe("silent");
});

test("a server of TLS is told nothing in plain text by who is going to speak TLS", async () => {
  const heard: Buffer[] = [];
  const server = createServer((socket) => socket.on("data", (bytes) => heard.push(bytes)));
  const endpoint = await endpointOf(server);
  const left = once(server, "connection").then(([socket]) => once(socket as Socket, "close"));
  expect(await listenerAt(clock, endpoint, true)).toBe("silent");
  await left;
  expect(heard).toEqual([]);
});

test("a port nobody listens at is nothing, and so is what is no address", async () => {
  const server = createServer();
  const endpoint = await endpointOf(server);
  server.close();
  await once(server, "close");
  expect(await listenerAt(clock, endpoint)).toBe("nothing");
  expect(await listenerAt(clock, "nonsense")).toBe("nothing");
});
