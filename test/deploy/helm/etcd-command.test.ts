import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "@holdfast/toolchain/free-ports";
import { describe, expect, it } from "vitest";
import { objectsIn, podOf, releases, render } from "./rendered.ts";
import { run, toolPaths } from "./tools.ts";

const { paths, missing } = await toolPaths(["helm", "etcd", "etcdctl"]);
const small = releases.find(({ name }) => name === "ci/small-values.yaml")?.files ?? [];

/** The chart's command line of a member, for this machine: hosts are loopback, ports are free. */
async function commandLine(dataDir: string) {
  const objects = objectsIn(await render(paths.helm, small));
  const member = objects.find(({ kind }) => kind === "StatefulSet");
  const [container] = (member && podOf(member)?.containers) ?? [];
  const args = (container as { args?: string[] } | undefined)?.args ?? [];
  const [client = 0, peer = 0, metrics = 0] = await freePorts(3);
  const here = args.map((arg) =>
    arg
      .replaceAll("$(POD_NAME)", "hf-etcd-s0-0")
      .replaceAll(/http:\/\/[\w.-]+:/g, "http://127.0.0.1:")
      .replaceAll(":2379", `:${client}`)
      .replaceAll(":2380", `:${peer}`)
      .replaceAll(":2381", `:${metrics}`)
      .replace("/var/lib/etcd/data", dataDir),
  );
  return { args: here, client, metrics };
}

describe.skipIf(missing !== undefined)("the command line of a member", () => {
  it("starts an etcd that lives and is ready as its probes ask", async () => {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-member-"));
    const { args, client, metrics } = await commandLine(join(folder, "data"));
    // The ConfigMap's variable, which a member without data reads.
    const env = { ...process.env, ETCD_INITIAL_CLUSTER_STATE: "new" };
    const etcd = spawn(paths.etcd, args, { env, stdio: "ignore" });
    try {
      const status = (path: string) =>
        fetch(`http://127.0.0.1:${metrics}${path}`).then(
          (answer) => answer.status,
          () => 0,
        );
      await expect.poll(() => status("/readyz"), { timeout: 30_000 }).toBe(200);
      expect(await status("/livez")).toBe(200);
      expect(await status("/metrics")).toBe(200);
      const at = ["--endpoints", `127.0.0.1:${client}`];
      expect(await run(paths.etcdctl, [...at, "put", "a", "1"])).toMatchObject({ code: 0 });
    } finally {
      const ended = new Promise((resolve) => etcd.once("exit", resolve));
      etcd.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
