import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findTool } from "@holdfast/toolchain/find-tool";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeRun, living, type RunEvent } from "./testing/fake-run.ts";

const etcd = await findTool("etcd", { offline: true });
if (etcd.kind === "missing") console.warn(`npm start with etcd is not tested: ${etcd.reason}`);

let root: string;
let dataDir: string;
const runs: FakeRun[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "holdfast-start-etcd-"));
  dataDir = join(root, "data");
});
afterEach(async () => {
  for (const run of runs.splice(0)) {
    run.kill("SIGTERM");
    await run.ended;
  }
  rmSync(root, { recursive: true, force: true });
});

function start(args = "", regions = "a"): FakeRun {
  const words = `--port-base 0 --regions ${regions} ${args}`.trim().split(" ");
  const run = new FakeRun(dataDir, words);
  runs.push(run);
  return run;
}

function memberUrl(ready: RunEvent): string {
  const regions = ready.regions as { shards: { endpoints: string[] }[] }[];
  return regions[0]?.shards[0]?.endpoints[0] as string;
}

async function call(url: string, body: object): Promise<{ kvs?: { value: string }[] }> {
  const response = await fetch(url, { method: "POST", body: JSON.stringify(body) });
  return (await response.json()) as { kvs?: { value: string }[] };
}

describe.runIf(etcd.kind === "found")("with etcd", () => {
  test("data survives kill -9 of everything, and a second start remembers the layout", async () => {
    const first = start("--shards 1");
    const url = memberUrl(await first.waitFor("ready"));
    await call(`${url}/v3/kv/put`, { key: btoa("lock"), value: btoa("held") });
    const children = first.children();
    expect(children.map((child) => child.name).sort()).toEqual([
      "etcd a/s0/m0",
      "placement a",
      "recorder",
      "router a",
    ]);
    first.kill("SIGKILL");
    for (const child of children) process.kill(child.pid, "SIGKILL");
    await first.ended;

    const second = start();
    expect(memberUrl(await second.waitFor("ready"))).toBe(url);
    const { kvs } = await call(`${url}/v3/kv/range`, { key: btoa("lock") });
    expect(atob(kvs?.[0]?.value as string)).toBe("held");
  }, 60_000);

  test("three regions have a coordinator each, and other numbers none", async () => {
    const three = start("--shards 1", "a,b,c");
    const ready = await three.waitFor("ready");
    const names = three.children().map((child) => child.name);
    expect(names.filter((name) => name.startsWith("coordinator")).sort()).toEqual([
      "coordinator a",
      "coordinator b",
      "coordinator c",
    ]);
    const regions = ready.regions as { coordinator?: string }[];
    expect(new Set(regions.map((region) => region.coordinator)).size).toBe(3);
    expect(ready).not.toHaveProperty("notice");
    three.kill("SIGTERM");
    await three.ended;
    dataDir = join(root, "two");
    const two = start("--shards 1", "a,b");
    const without = await two.waitFor("ready");
    expect(without.notice).toContain("need 3 regions, and this has 2");
    expect(two.children().filter((child) => child.name.startsWith("coord"))).toEqual([]);
  }, 60_000);

  test("an etcd member that dies is started again", async () => {
    const run = start("--shards 1");
    await run.waitFor("ready");
    const member = run.children().find((child) => child.name.startsWith("etcd"));
    process.kill(member?.pid as number, "SIGKILL");
    expect(await run.waitFor("died")).toMatchObject({ process: "etcd a/s0/m0" });
    expect(await run.waitFor("recovered")).toMatchObject({ process: "etcd a/s0/m0" });
    run.kill("SIGTERM");
    expect(await run.ended).toEqual({ code: 0, signal: null });
  }, 60_000);

  test("Ctrl-C while the stores come up leaves nothing behind", async () => {
    const run = start("--shards 2 --members 3");
    const children = await run.waitForChildren(6);
    run.kill("SIGINT");
    expect(await run.ended).toEqual({ code: 130, signal: null });
    expect(living(children)).toEqual([]);
    expect(run.events.map((each) => each.event)).not.toContain("ready");
  }, 60_000);

  test("another number of shards than the data has is refused with exit 64", async () => {
    const first = start("--shards 1");
    await first.waitFor("ready");
    first.kill("SIGTERM");
    await first.ended;
    const second = start("--shards 2");
    expect((await second.waitFor("refused")).message).toContain("was made with --shards 1");
    expect(await second.ended).toEqual({ code: 64, signal: null });
  }, 60_000);
});
