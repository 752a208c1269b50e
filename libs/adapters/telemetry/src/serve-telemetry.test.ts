import { connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import { PrometheusMeter } from "./prometheus-meter.ts";
import { serveTelemetry, type TelemetryServer } from "./serve-telemetry.ts";

const open: TelemetryServer[] = [];

afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function serve(trouble: () => string | undefined = () => undefined) {
  const meter = new PrometheusMeter();
  const server = await serveTelemetry({ listen: "127.0.0.1:0", meter, trouble });
  if (server.kind !== "serving") throw new Error(server.message);
  open.push(server);
  return { meter, server, url: `http://${server.address}` };
}

test("what was counted is told to who asks for /metrics", async () => {
  const { meter, url } = await serve();
  meter.counter({ name: "holdfast_rows_total", help: "Rows." }).add(3);
  const answer = await fetch(`${url}/metrics?x=1`);
  expect(answer.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(await answer.text()).toContain("holdfast_rows_total 3\n");
});

test("health is 200 while all is well and 503 with the reason while it is not", async () => {
  let trouble: string | undefined = "Postgres is away";
  const { url } = await serve(() => trouble);
  const ill = await fetch(`${url}/healthz`);
  expect([ill.status, await ill.text()]).toEqual([503, "Postgres is away\n"]);
  trouble = undefined;
  const well = await fetch(`${url}/healthz`);
  expect([well.status, await well.text()]).toEqual([200, "ok\n"]);
});

test("nothing else is answered", async () => {
  const { url } = await serve();
  expect((await fetch(`${url}/`)).status).toBe(404);
  expect((await fetch(`${url}/metrics`, { method: "POST", body: "x" })).status).toBe(405);
  const head = await fetch(`${url}/metrics`, { method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([200, ""]);
});

test("an address that is taken, or is none, is refused with the reason", async () => {
  const { server, meter } = await serve();
  const again = await serveTelemetry({ listen: server.address, meter, trouble: () => undefined });
  expect(again).toMatchObject({ kind: "refused", message: expect.stringMatching(/EADDRINUSE/) });
  for (const listen of ["127.0.0.1", "127.0.0.1:99999", "x:y"]) {
    const none = await serveTelemetry({ listen, meter, trouble: () => undefined });
    expect(none).toMatchObject({ kind: "refused", message: expect.stringMatching(/host:port/) });
  }
});

test("who hangs on is cut when it closes, and more than a few at once are turned away", async () => {
  const { server } = await serve();
  const [host = "", port = ""] = server.address.split(":");
  const ends: Promise<unknown>[] = [];
  for (let index = 0; index < 40; index++) {
    const socket = connect(Number(port), host);
    socket.on("error", () => {});
    ends.push(new Promise((resolve) => socket.once("close", resolve)));
  }
  // Eight of them are turned away at once; the others stay until the end.
  let ended = 0;
  for (const end of ends) void end.then(() => ended++);
  await expect.poll(() => ended).toBe(8);
  await server.close();
  await Promise.all(ends);
});
