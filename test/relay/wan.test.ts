import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Wan } from "./wan.ts";

let wan: Wan;
let server: Server;
let socket: Socket;
let heardByServer: string;

beforeEach(async () => {
  wan = new Wan([{ between: ["here", "there"], ms: 60 }]);
  heardByServer = "";
  server = createServer((accepted) => {
    accepted.on("error", () => {});
    accepted.on("data", (chunk) => {
      heardByServer += chunk;
      accepted.write("answer");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = await wan.dial("here", "there", (server.address() as AddressInfo).port);
  socket = connect(Number(address.split(":")[1]), "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
});

afterEach(async () => {
  socket.destroy();
  await wan[Symbol.asyncDispose]();
  server.close();
});

async function ask(): Promise<number> {
  const startMs = performance.now();
  socket.write("question");
  await once(socket, "data");
  return performance.now() - startMs;
}

test("a round trip takes half of its time each way", async () => {
  expect(await ask()).toBeGreaterThan(59);
});

test("a way that is slow delays the answers of those who dialled against it", async () => {
  wan.slow("there", "here", 40);
  expect(await ask()).toBeGreaterThan(99);
});

test("a way back that is cut keeps the answer until it is restored, and requests pass", async () => {
  wan.cut("there", "here");
  const answered = ask();
  await sleep(100);
  expect(heardByServer).toBe("question");
  wan.restore("there", "here");
  expect(await answered).toBeGreaterThan(99);
});

test("a way that is cut keeps the requests", async () => {
  wan.cut("here", "there");
  const answered = ask();
  await sleep(60);
  expect(heardByServer).toBe("");
  wan.restore("here", "there");
  await answered;
});

test("a socket is found from another folder, as far away as its region", async () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-wan-test-"));
  const target = join(folder, "target");
  const echo = createServer((accepted) => accepted.pipe(accepted));
  try {
    const path = join(folder, "path");
    await wan.dialSocket("here", "there", path, target);
    // Nobody is there yet.
    const early = connect(path);
    early.on("error", () => {});
    await new Promise((resolve) => early.on("close", resolve));
    echo.listen(target);
    await once(echo, "listening");
    socket.destroy();
    socket = connect(path);
    await once(socket, "connect");
    expect(await ask()).toBeGreaterThan(59);
  } finally {
    echo.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
