import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePorts } from "@holdfast/toolchain/free-ports";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../until.ts";

/** Longer than a coordinator waits between two tries. */
const patienceMs = 2_000;

/** A coordinator whose etcd is not there yet, and what it says. */
async function startEarly() {
  const [etcd, own] = await freePorts(2);
  const env = {
    HOLDFAST_REGION: "east",
    HOLDFAST_CLUSTER: "early",
    HOLDFAST_SHARDS: `s0=http://127.0.0.1:${etcd}`,
    HOLDFAST_LISTEN: `127.0.0.1:${own}`,
    HOLDFAST_PEERS: "north=127.0.0.1:1;west=127.0.0.1:2",
  };
  const main = fileURLToPath(new URL("../../../services/coordinator/src/main.ts", import.meta.url));
  const child = spawn(process.execPath, [main], { env, stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += text));
  return { child, said: () => said };
}

test("a coordinator that starts before its etcd waits for it, and ends when it is told to", async () => {
  const { child, said } = await startEarly();
  await until("it has asked for a number", () => said().includes("identity-failed"), 20_000);
  await sleep(patienceMs);
  expect(child.exitCode, said()).toBeNull();
  child.kill("SIGTERM");
  const [code] = await once(child, "exit");
  expect(code, said()).toBe(0);
  expect(said()).toContain("stopped before it was ready");
});
