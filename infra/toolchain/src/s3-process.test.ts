import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findTool } from "./find-tool.ts";
import { startS3 } from "./s3-process.ts";

const gateway = await findTool("versitygw", { offline: true });
if (gateway.kind === "missing") console.warn(`S3 process test skipped: ${gateway.reason}`);
const binary = gateway.kind === "found" ? gateway.path : "";

test.skipIf(gateway.kind === "missing")(
  "an S3 server lets no stranger in, and comes back on its port after kill -9",
  async () => {
    const root = mkdtempSync(join(tmpdir(), "holdfast-s3-"));
    try {
      await using server = await startS3({ binary, dataDir: join(root, "s3") });
      expect((await fetch(server.endpoint)).status).toBe(403);
      await server.process.kill();
      await expect(fetch(server.endpoint)).rejects.toThrow();
      await server.process.restart();
      expect((await fetch(server.endpoint)).status).toBe(403);
      await server.process.stop();

      await using next = await startS3({ binary, dataDir: join(root, "s3") });
      expect(next.port).toBe(server.port);
      expect(next.secretAccessKey).not.toBe(server.secretAccessKey);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  },
  30_000,
);
