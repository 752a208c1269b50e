import { createServer } from "node:net";
import { freePorts } from "@holdfast/toolchain/free-ports";
import { expect, test } from "vitest";
import { checkPorts, describeConflict } from "./port-conflict.ts";

const router = { port: 7420, purpose: "router us-east-1", fixedByData: false };

test("a taken port is named with its purpose, the process that has it, and the ways out", () => {
  const refused = describeConflict([
    { ...router, by: { pid: 12, command: "python3 -m http.server" } },
  ]);
  expect(refused.message).toBe(
    "port 7420, for the router us-east-1, is in use by process 12 (python3 -m http.server)",
  );
  expect(refused.waysOut).toEqual([
    "stop what has it: kill 12",
    "or use other ports: npm start -- --port-base 8420",
  ]);
  expect(refused.exitCode).toBe(69);
});

test("every taken port is named at once, one line each, and each process once", () => {
  const by = { pid: 12, command: "x" };
  const refused = describeConflict([
    { ...router, by },
    { ...router, port: 7421, by },
  ]);
  expect(refused.message.split("\n")).toHaveLength(2);
  expect(refused.waysOut[0]).toBe("stop what has them: kill 12");
});

test("a port that the data is bound to cannot be moved by --port-base alone", () => {
  const taken = { port: 23790, purpose: "etcd us-east-1/s0/m0", fixedByData: true, by: undefined };
  const refused = describeConflict([taken]);
  expect(refused.message).toContain("is in use by another process");
  expect(refused.waysOut[1]).toContain("--data-dir");
});

test("a port somebody listens on is found to be taken, free ones are not", async () => {
  const [port = 0, other = 0] = await freePorts(2);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const needed = [
    { ...router, port },
    { ...router, port: other },
  ];
  const refused = await checkPorts(needed);
  expect(refused?.message).toContain(`port ${port},`);
  expect(refused?.message).not.toContain(`port ${other},`);
  await new Promise((resolve) => server.close(resolve));
  expect(await checkPorts(needed)).toBeUndefined();
});
