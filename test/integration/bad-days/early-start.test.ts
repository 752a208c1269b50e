import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePorts } from "@holdfast/toolchain/free-ports";
import { expect, onTestFinished, test } from "vitest";
import { serviceProcess } from "../../drills/service-process.ts";
import { until } from "../until.ts";

/** Longer than a coordinator waits between two tries. */
const patienceMs = 2_000;

test("a coordinator that starts before its etcd waits for it, and ends when it is told to", async () => {
  const [etcd, own] = await freePorts(2);
  const folder = mkdtempSync(join(tmpdir(), "holdfast-early-"));
  const env = {
    HOLDFAST_REGION: "east",
    HOLDFAST_CLUSTER: "early",
    HOLDFAST_SHARDS: `s0=http://127.0.0.1:${etcd}`,
    HOLDFAST_LISTEN: `127.0.0.1:${own}`,
    HOLDFAST_PEERS: "north=127.0.0.1:1;west=127.0.0.1:2",
  };
  const early = serviceProcess({ service: "coordinator", name: "early", env, folder });
  onTestFinished(async () => {
    await early.kill();
    rmSync(folder, { recursive: true, force: true });
  });
  // It is not ready for as long as the test lasts.
  const starting = early.start().catch((error: unknown) => error);
  const said = () => readFileSync(early.logPath, "utf8");
  await until("it has asked for a number", () => said().includes("identity-failed"), 20_000);
  await sleep(patienceMs);
  expect(early.running, said()).toBe(true);
  await early.kill("SIGTERM");
  expect(String(await starting)).toContain("stopped before it was ready");
});
