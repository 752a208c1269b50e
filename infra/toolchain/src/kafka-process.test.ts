import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findTool } from "./find-tool.ts";
import { brokersIn, isServing } from "./kafka-metadata.ts";
import { newClusterId, serverProperties, startKafka } from "./kafka-process.ts";

const kafka = await findTool("kafka", { offline: true });
if (kafka.kind === "missing") console.warn(`kafka process test skipped: ${kafka.reason}`);
const binary = kafka.kind === "found" ? kafka.path : "";

test.skipIf(kafka.kind === "missing")(
  "a broker serves, and serves again in the same place after kill -9",
  async () => {
    const root = mkdtempSync(join(tmpdir(), "holdfast-kafka-"));
    try {
      await using broker = await startKafka({ binary, dataDir: join(root, "kafka") });
      const port = Number(broker.endpoint.split(":")[1]);
      expect(await isServing(port)).toBe(true);
      await broker.process.kill();
      expect(await isServing(port)).toBe(false);
      await broker.process.restart();
      expect(await isServing(port)).toBe(true);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  },
  180_000,
);

test("a metadata answer without a broker is that of one which does not serve yet", () => {
  const answer = Buffer.alloc(24);
  answer.writeInt32BE(20, 0);
  answer.writeInt32BE(1, 4);
  expect(brokersIn(answer)).toBe(0);
  answer.writeInt32BE(1, 12);
  expect(brokersIn(answer)).toBe(1);
  // The correlation id of somebody else's question.
  answer.writeInt32BE(2, 4);
  expect(brokersIn(answer)).toBe(0);
  expect(brokersIn(Buffer.from("HTTP/1.1 400"))).toBe(0);
});

test("no id of a cluster looks like an option", () => {
  for (let first = 0; first < 256; first++) {
    expect(newClusterId(new Uint8Array(16).fill(first))).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]{21}$/);
  }
});

test("settings given replace ours, and a backslash in a path stays one", () => {
  const text = serverProperties("C:\\data", 1, 2, { "message.max.bytes": "1000" });
  expect(text).toContain("message.max.bytes=1000\n");
  expect(text).toContain("log.dirs=C:\\\\data");
  const moved = serverProperties("d", 1, 2, { "node.id": "2" });
  expect(moved.match(/^node\.id=.*$/gm)).toEqual(["node.id=2"]);
});
