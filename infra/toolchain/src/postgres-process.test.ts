import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findTool } from "./find-tool.ts";
import { askedByPostgres, startup } from "./postgres-door.ts";
import { startPostgres } from "./postgres-process.ts";

const postgres = await findTool("postgres", { offline: true });
if (postgres.kind === "missing") console.warn(`Postgres process tests skipped: ${postgres.reason}`);
const binary = postgres.kind === "found" ? postgres.path : "";

function session(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.on("connect", () => socket.write(startup("holdfast")));
    socket.once("data", () => resolve(socket));
    socket.once("error", reject);
  });
}

describe.skipIf(postgres.kind === "missing")("a Postgres of our own", () => {
  let root: string;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), "holdfast-postgres-"));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  test("starts again on its data after kill -9, though it had a client", async () => {
    const dataDir = join(root, "killed");
    await using server = await startPostgres({ binary, dataDir });
    const client = await session(server.port);
    client.on("error", () => {});
    await server.process.kill();
    await server.process.restart();
    expect(await askedByPostgres(server.port, "holdfast")).toBe("nothing");
    client.destroy();
    await server.process.stop();

    await using next = await startPostgres({ binary, dataDir, settings: { max_connections: "7" } });
    expect(next.port).toBe(server.port);
    expect(await askedByPostgres(next.port, "holdfast")).toBe("nothing");
  }, 60_000);

  test("asks for a password if it was given one, and leaves none lying about", async () => {
    const dataDir = join(root, "closed");
    const options = { binary, dataDir, user: "ledger", password: "a secret" };
    await using server = await startPostgres(options);
    expect(await askedByPostgres(server.port, "ledger")).toBe("a password");
    expect(existsSync(join(dataDir, "password"))).toBe(false);
  }, 60_000);

  test("does not start with a setting it does not know, and says so", async () => {
    const settings = { no_such_setting: "1" };
    const server = startPostgres({ binary, dataDir: join(root, "wrong"), settings });
    await expect(server).rejects.toThrow(/^postgres ended .*no_such_setting/s);
  }, 60_000);
});
