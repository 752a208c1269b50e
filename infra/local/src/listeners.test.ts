import { createServer } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listeningInodes, whoListens } from "./listeners.ts";

const server = createServer();
let port = 0;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as { port: number }).port;
});
afterAll(() => {
  server.close();
});

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1CFC 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 5551 1 0 100 0
   1: 0100007F:1CFC 0100007F:A0B2 01 00000000:00000000 00:00000000 00000000     0        0 5552 1 0 20 4
   2: 0100007F:A0B2 0100007F:1CFC 01 00000000:00000000 00:00000000 00000000     0        0 5553 1 0 20 4
   3: 00000000:1CFD 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 5554 1 0 100 0
`;

test("only listening sockets of the port count, not its connections", () => {
  expect(listeningInodes(TABLE, 7420)).toEqual(["5551"]);
  expect(listeningInodes(TABLE, 7421)).toEqual(["5554"]);
  expect(listeningInodes(TABLE, 7422)).toEqual([]);
});

test("the process that listens on a port is found", (context) => {
  const listener = whoListens(port);
  if (listener === undefined && process.platform !== "linux") context.skip("no lsof here");
  expect(listener?.pid).toBe(process.pid);
  expect(listener?.command).not.toBe("");
});
