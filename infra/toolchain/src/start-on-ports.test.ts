import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ServerProcess } from "./server-process.ts";
import { startOnPorts } from "./start-on-ports.ts";

/** What a server prints that runs on a virtual machine and has not got its port. */
const trace = [
  "java.net.BindException: Address already in use",
  ...Array.from(
    { length: 20 },
    (_, depth) => `\tat java.base/sun.nio.ch.Net.bind(Net.java:${depth})`,
  ),
  "\t... 18 more",
];

test("a server whose port is taken in the last moment gets another, though it says so at length", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "holdfast-ports-"));
  const tried: (readonly number[])[] = [];
  const build = (ports: readonly number[]): ServerProcess => {
    tried.push(ports);
    const hasPort = tried.length > 1;
    const fails = `console.error(${JSON.stringify(trace.join("\n"))}); process.exit(1);`;
    return new ServerProcess({
      title: "server",
      file: process.execPath,
      args: ["-e", hasPort ? "setInterval(() => {}, 1_000);" : fails],
      logPath: join(dataDir, "server.log"),
      isReady: () => hasPort,
      startTimeoutMs: 10_000,
      stopGraceMs: 1_000,
    });
  };
  try {
    const { server, ports } = await startOnPorts({ dataDir, count: 2, build });
    await server.stop();
    expect(tried).toHaveLength(2);
    expect(ports).toEqual(tried[1]);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
});
