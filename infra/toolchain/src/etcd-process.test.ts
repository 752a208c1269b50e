import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startEtcdCluster } from "./etcd-process.ts";
import { findTool } from "./find-tool.ts";

const etcd = await findTool("etcd", { offline: true });
if (etcd.kind === "missing") console.warn(`etcd process tests skipped: ${etcd.reason}`);
const binary = etcd.kind === "found" ? etcd.path : "";

async function put(url: string, key: string, value: string): Promise<void> {
  const body = JSON.stringify({ key: btoa(key), value: btoa(value) });
  await fetch(`${url}/v3/kv/put`, { method: "POST", body });
}

async function get(url: string, key: string): Promise<string | undefined> {
  const body = JSON.stringify({ key: btoa(key) });
  const response = await fetch(`${url}/v3/kv/range`, { method: "POST", body });
  const answer = (await response.json()) as { kvs?: { value: string }[] };
  const value = answer.kvs?.[0]?.value;
  return value === undefined ? undefined : atob(value);
}

describe.skipIf(etcd.kind === "missing")("an etcd cluster of our own", () => {
  let root: string;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), "holdfast-etcd-"));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  test("what one member wrote survives kill -9 and a new start in the same place", async () => {
    const dataDir = join(root, "one");
    const first = await startEtcdCluster({ binary, members: 1, dataDir });
    await put(first.endpoints[0] as string, "a", "1");
    await first.members[0]?.kill();
    expect(first.members[0]?.running).toBe(false);
    await first.members[0]?.restart();
    expect(await get(first.endpoints[0] as string, "a")).toBe("1");
    await first.stop();

    await using second = await startEtcdCluster({ binary, members: 1, dataDir });
    expect(second.ports).toEqual(first.ports);
    expect(await get(second.endpoints[0] as string, "a")).toBe("1");
  }, 60_000);

  test("three members elect another leader when theirs is killed", async () => {
    await using cluster = await startEtcdCluster({
      binary,
      members: 3,
      dataDir: join(root, "three"),
    });
    const leader = await cluster.leader();
    await leader.kill("SIGKILL");
    const next = await cluster.leader();
    expect(next.name).not.toBe(leader.name);
    await leader.restart();
    await cluster.waitHealthy();
  }, 60_000);

  test("a taken port is named at once, though what has it would answer for us", async () => {
    const dataDir = join(root, "taken");
    await using cluster = await startEtcdCluster({ binary, members: 1, dataDir });
    const other = startEtcdCluster({
      binary,
      members: 1,
      dataDir: join(root, "other"),
      ports: cluster.ports,
    });
    await expect(other).rejects.toThrow(`port ${cluster.ports.client[0]} on 127.0.0.1 is in use`);
  }, 60_000);
});
