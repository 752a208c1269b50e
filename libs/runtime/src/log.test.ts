import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { makeLog } from "./log.ts";
import { inTrace } from "./trace-scope.ts";

function logged(write: (log: ReturnType<typeof makeLog>) => void): Record<string, unknown> {
  let line = "";
  const destination = {
    write: (text: string) => {
      line += text;
    },
  };
  write(makeLog({ service: "router", region: "us-east-1", level: "info" }, destination));
  return JSON.parse(line);
}

test("every line says who says it, and when", () => {
  expect(logged((log) => log.info({ "event.action": "ready" }, "ready"))).toEqual({
    "@timestamp": expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    "log.level": "info",
    "ecs.version": "8.11",
    "service.name": "router",
    "service.version": expect.stringMatching(/^\d+\.\d+\.\d+$/),
    "cloud.region": "us-east-1",
    "process.pid": process.pid,
    "event.action": "ready",
    message: "ready",
  });
});

test("a line that is written in a step of a trace names both, and any other none", async () => {
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const step = { "trace.id": "4bf92f3577b34da6a3ce929d0e0e4736", "span.id": "00f067aa0ba902b7" };
  expect(logged((log) => inTrace(traceparent, () => log.info("now")))).toMatchObject(step);
  expect(logged((log) => log.info("before and after"))).not.toHaveProperty(["trace.id"]);
  const line = await inTrace(traceparent, async () => {
    await Promise.resolve();
    return logged((log) => log.info("later"));
  });
  expect(line).toMatchObject(step);
});

test("an error is told in the words of the schema, and not as an object of ours", () => {
  const err = new RangeError("too far");
  const line = logged((log) => log.fatal({ err, "event.action": "crashed" }, err.message));
  expect(line).toMatchObject({ "error.type": "RangeError", "error.message": "too far" });
  expect(line).not.toHaveProperty("err");
});

test("the last lines of a process are there when it is gone, in their order", () => {
  const module = fileURLToPath(new URL("log.ts", import.meta.url));
  // What is left to a thread waits here behind a digest, and would come after the end or never.
  const script = `
    const { makeLog } = await import(${JSON.stringify(module)});
    const { pbkdf2 } = await import("node:crypto");
    const log = makeLog({ service: "router", region: "here", level: "info" });
    pbkdf2("", "", 1_000_000, 64, "sha512", () => {});
    log.info("draining");
    log.info("stopped");
    process.exit(0);`;
  const args = ["--input-type=module", "-e", script];
  const env = { UV_THREADPOOL_SIZE: "1" };
  const { stdout } = spawnSync(process.execPath, args, { encoding: "utf8", env });
  const said = stdout.trim().split("\n");
  expect(said.map((line) => JSON.parse(line).message)).toEqual(["draining", "stopped"]);
});
