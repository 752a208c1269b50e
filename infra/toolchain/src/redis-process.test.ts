import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { askPort } from "./ask-port.ts";
import { findTool } from "./find-tool.ts";
import { startRedis } from "./redis-process.ts";

const redis = await findTool("redis", { offline: true });
if (redis.kind === "missing") console.warn(`Redis process tests skipped: ${redis.reason}`);
const binary = redis.kind === "found" ? redis.path : "";

async function ask(port: number, command: string): Promise<string | undefined> {
  const answer = await askPort(port, Buffer.from(`${command}\r\n`), (text) =>
    text.includes("\r\n"),
  );
  return answer?.toString().split("\r\n")[0];
}

describe.skipIf(redis.kind === "missing")("a Redis of our own", () => {
  let root: string;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), "holdfast-redis-"));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  test("keeps what it was told on disk over a kill -9, if it was asked to", async () => {
    const options = { binary, dataDir: join(root, "durable"), durability: "always" } as const;
    await using server = await startRedis(options);
    expect(await ask(server.port, "SET a 1")).toBe("+OK");
    await server.process.kill();
    await server.process.restart();
    expect(await ask(server.port, "EXISTS a")).toBe(":1");
  });

  test("otherwise comes back empty, on the same port", async () => {
    const dataDir = join(root, "cache");
    const first = await startRedis({ binary, dataDir });
    expect(await ask(first.port, "SET a 1")).toBe("+OK");
    await first.process.stop();
    await using second = await startRedis({ binary, dataDir });
    expect(second.port).toBe(first.port);
    expect(await ask(second.port, "EXISTS a")).toBe(":0");
  });

  test("names a port that is taken", async () => {
    await using server = await startRedis({ binary, dataDir: join(root, "first") });
    const other = startRedis({ binary, dataDir: join(root, "other"), port: server.port });
    await expect(other).rejects.toThrow(`port ${server.port} on 127.0.0.1 is in use`);
  });

  test("that does not start says why, in its own words", async () => {
    const broken = startRedis({ binary: process.execPath, dataDir: join(root, "broken") });
    await expect(broken).rejects.toThrow(/^redis ended \(exit code 9\); its log .*bad option/s);
  });
});
