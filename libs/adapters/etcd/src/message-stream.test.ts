import { once } from "node:events";
import { createServer, type Http2Server, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { GrpcMessageStream } from "./message-stream.ts";
import { writeMessages } from "./wire/messages.ts";

const servers: Http2Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server that does `serve` with each stream, and what a client of it hears. */
async function opened(serve: (stream: ServerHttp2Stream) => void) {
  const server = createServer();
  servers.push(server);
  const paths: unknown[] = [];
  server.on("stream", (stream, headers) => {
    paths.push(headers[":path"], headers["content-type"], headers.hasleader);
    stream.on("error", () => {});
    serve(stream);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const heard: string[] = [];
  const ends: string[] = [];
  const stream = new GrpcMessageStream(`http://127.0.0.1:${port}`, "/a.B/C", {
    onMessage: (message) => heard.push(String(message)),
    onEnd: (reason) => ends.push(reason),
  });
  return { stream, heard, ends, paths };
}

function greet(stream: ServerHttp2Stream): void {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
}

const texts = ["one", "two", "three"].map((text) => Buffer.from(text));

test("messages written together arrive as one piece, and answers are heard one by one", async () => {
  const pieces: Buffer[] = [];
  const { stream, heard, paths } = await opened((served) => {
    greet(served);
    served.on("data", (piece: Buffer) => {
      pieces.push(piece);
      served.write(piece);
    });
  });
  stream.write(texts);
  await expect.poll(() => heard).toEqual(["one", "two", "three"]);
  expect(pieces).toEqual([writeMessages(texts)]);
  expect(paths).toEqual(["/a.B/C", "application/grpc", "true"]);
  stream.cancel();
});

test("what was sent before the end is answered, and then the end is told, once", async () => {
  const { stream, heard, ends } = await opened((served) => {
    greet(served);
    const pieces: Buffer[] = [];
    served.on("data", (piece: Buffer) => pieces.push(piece));
    served.on("end", () => served.end(Buffer.concat(pieces)));
  });
  stream.write(texts);
  stream.end();
  await expect.poll(() => ends.length).toBe(1);
  expect(heard).toEqual(["one", "two", "three"]);
  stream.write(texts);
  stream.end();
  expect(ends).toHaveLength(1);
});

test("after a cancel nothing is heard any more", async () => {
  let served: ServerHttp2Stream | undefined;
  const { stream, heard, ends } = await opened((each) => {
    served = each;
    greet(each);
  });
  await expect.poll(() => served !== undefined).toBe(true);
  stream.cancel();
  await expect.poll(() => served?.closed).toBe(true);
  expect([heard, ends]).toEqual([[], []]);
});

test("every way a stream can break is told as its end", async () => {
  const ways: [string, (served: ServerHttp2Stream) => void][] = [
    ["14 no leader", (s) => s.respond({ "grpc-status": "14", "grpc-message": "no leader" })],
    ["HTTP status 502", (s) => s.respond({ ":status": 502 })],
    ["was closed", (s) => s.session?.destroy()],
    ["the stream broke", (s) => s.close(2)],
    [
      "no message of gRPC",
      (s) => {
        greet(s);
        s.write(Buffer.from("HTTP/1.1 200 OK"));
      },
    ],
  ];
  for (const [said, way] of ways) {
    const { ends } = await opened(way);
    await expect.poll(() => ends.length, { message: said }).toBe(1);
    expect(ends[0]).toContain(said);
  }
});

test("a server that does not listen is told as the end", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  const ends: string[] = [];
  new GrpcMessageStream(`http://127.0.0.1:${port}`, "/a.B/C", {
    onMessage: () => {},
    onEnd: (reason) => ends.push(reason),
  });
  await expect.poll(() => ends.length).toBe(1);
  expect(ends[0]).toContain("ECONNREFUSED");
});
