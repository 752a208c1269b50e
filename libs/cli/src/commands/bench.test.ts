import { expect, test } from "vitest";
import { percentile } from "../bench/percentile.ts";
import { FakeClient } from "../testing/fake-client.ts";
import { runIn } from "../testing/fake-edge.ts";

test("pairs are counted, and every lock is released", async () => {
  const client = new FakeClient();
  const argv = ["bench", "--seconds", "1", "--clients", "2", "-o", "json"];
  const { exitCode, stdout } = await runIn({ client }, argv, (running) => {
    // A pair of the fake's takes no time at all: a moment is enough.
    setImmediate(() => running.raise("SIGINT"));
  });
  const report = JSON.parse(stdout);
  expect(exitCode).toBe(0);
  expect(report).toMatchObject({ region: "us-east-1", clients: 2, failures: 0 });
  expect(report.pairs).toBeGreaterThan(0);
  expect(report.acquire.p99Ms).toBeGreaterThanOrEqual(report.acquire.p50Ms);
  expect(client.holders.size).toBe(0);
  expect(client.calls[0]).toMatch(/^acquire holdfast-bench\/.{22}\/0 exclusive/);
});

test("a dead store ends the load early, says why and exits with 69", async () => {
  const client = new FakeClient();
  client.trouble = new Error("Nothing answers.");
  const { exitCode, stdout } = await runIn({ client }, ["bench", "--seconds", "60"]);
  expect(exitCode).toBe(69);
  expect(stdout).toContain("1280, the first: Nothing answers.");
});

test("endpoints elsewhere are not loaded unless told to", async () => {
  const argv = ["bench", "--endpoints", "localhost:1,router.test:7420"];
  const { exitCode, stderr, connections } = await runIn({}, argv);
  expect(exitCode).toBe(64);
  expect(stderr).toContain("A load on router.test:7420 could get in the way of others.");
  expect(connections).toEqual([]);
});

test.each([
  ["--seconds", "61"],
  ["--clients", "513"],
  ["--clients", "0"],
])("%s %s is out of bounds", async (option, value) => {
  expect((await runIn({}, ["bench", option, value])).exitCode).toBe(64);
});

test("percentiles are values that were measured", () => {
  expect([0.5, 0.99, 1].map((share) => percentile([1, 2, 3, 4], share))).toEqual([2, 4, 4]);
  expect(percentile([], 0.5)).toBe(0);
});
