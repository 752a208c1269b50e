import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { localTargets, type Targets } from "@holdfast/observability/prometheus/local-targets";
import { kubernetesScrape } from "@holdfast/observability/prometheus/scrape-configs";
import { ServerProcess } from "@holdfast/toolchain/server-process";
import { startOnPorts } from "@holdfast/toolchain/start-on-ports";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { until } from "../../integration/until.ts";
import { runTool, toolFor } from "./observability-tools.ts";

const prometheus = await toolFor("prometheus", "the examples of scraping are not tried out");
const promtool = await toolFor("promtool", "the examples of scraping are not checked");

interface Config {
  readonly scrape_configs: readonly Readonly<Record<string, unknown>>[];
}

/** A pod as Prometheus discovers it, one for each of its ports. */
function pod(component: string, port: string, shard?: string): Targets {
  const label = (name: string, value: string) => [`__meta_kubernetes_pod_label_${name}`, value];
  return {
    targets: ["127.0.0.1:1"],
    labels: Object.fromEntries([
      label("app_kubernetes_io_name", component === "billing" ? "billing" : "holdfast"),
      label("app_kubernetes_io_component", component),
      label("holdfast_dev_region", "us-east-1"),
      ...(shard === undefined ? [] : [label("holdfast_dev_shard", shard)]),
      ["__meta_kubernetes_pod_container_port_name", port],
      ["__meta_kubernetes_namespace", "holdfast-east"],
      ["__meta_kubernetes_pod_name", `${component}-${port}`],
    ]),
  };
}

const pods = [
  pod("router", "metrics"),
  pod("router", "grpc"),
  pod("etcd", "metrics", "s1"),
  pod("etcd", "client", "s1"),
  pod("billing", "metrics"),
];

/**
 * The example with `pods` in place of Kubernetes, which Debian's Prometheus is built without, and
 * without what only a cluster has: certificates, and the kubelet.
 */
function withPods(folder: string): string {
  const file = join(folder, "pods.json");
  writeFileSync(file, JSON.stringify(pods));
  const { scrape_configs: jobs, ...rest } = kubernetesScrape.config as Config;
  const own = jobs.filter(({ job_name: name }) => String(name).startsWith("holdfast"));
  const changed = own.map(({ kubernetes_sd_configs: _, tls_config: __, ...job }) => ({
    ...job,
    file_sd_configs: [{ files: [file] }],
  }));
  const config = join(folder, "prometheus.yaml");
  writeFileSync(config, stringify({ ...rest, rule_files: [], scrape_configs: changed }));
  return config;
}

it("what npm start has is asked by the labels that the rules read", () => {
  const targets = localTargets({
    metrics: [
      { service: "router", region: "us-east-1", address: "127.0.0.1:7480" },
      { service: "recorder", address: "127.0.0.1:7441" },
    ],
    regions: [
      { region: "us-east-1", shards: [{ name: "s0", endpoints: ["http://127.0.0.1:23790"] }] },
    ],
  });
  expect(targets).toEqual([
    { targets: ["127.0.0.1:7480"], labels: { component: "router", region: "us-east-1" } },
    { targets: ["127.0.0.1:7441"], labels: { component: "recorder" } },
    {
      targets: ["127.0.0.1:23790"],
      labels: { component: "etcd", region: "us-east-1", shard: "s0" },
    },
  ]);
});

describe.skipIf((prometheus.missing ?? promtool.missing) !== undefined)("the examples", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "holdfast-scrape-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("are configurations of Prometheus", () => {
    const local = resolve(import.meta.dirname, "../../../infra/prometheus/prometheus-local.yaml");
    for (const config of [local, withPods(folder)]) {
      const { ok, output } = runTool(promtool.path, ["check", "config", config]);
      expect(ok, output).toBe(true);
    }
    const jobs = (kubernetesScrape.config as Config).scrape_configs;
    const roles = jobs.map(({ kubernetes_sd_configs: found }) => found);
    expect(roles).toEqual([
      [{ role: "pod" }],
      [{ role: "pod" }],
      [{ role: "node" }],
      [{ role: "node" }],
    ]);
  });

  it("find the pods of a release, at the port for it, by the labels that the rules read", async () => {
    const config = withPods(folder);
    mkdirSync(join(folder, "data"), { recursive: true });
    const { server, ports } = await startOnPorts({
      dataDir: folder,
      count: 1,
      build: ([port = 0]) =>
        new ServerProcess({
          title: "prometheus",
          file: prometheus.path,
          args: [
            `--config.file=${config}`,
            `--storage.tsdb.path=${join(folder, "data")}`,
            `--web.listen-address=127.0.0.1:${port}`,
          ],
          logPath: join(folder, "prometheus.log"),
          isReady: async () => (await targetsOf(port)) !== undefined,
          startTimeoutMs: 30_000,
          stopGraceMs: 5_000,
        }),
    });
    try {
      const [port = 0] = ports;
      await until("pods are found", async () => (await targetsOf(port))?.length === 2, 20_000);
      const shared = { region: "us-east-1", namespace: "holdfast-east" };
      expect(await targetsOf(port)).toEqual([
        { ...shared, job: "holdfast", component: "router", instance: "router-metrics" },
        {
          ...{ ...shared, job: "holdfast-etcd", component: "etcd", shard: "s1" },
          instance: "etcd-metrics",
        },
      ]);
    } finally {
      await server.stop();
    }
  });
});

/** Labels of what is asked, by job; undefined while Prometheus does not answer. */
async function targetsOf(port: number): Promise<Readonly<Record<string, string>>[] | undefined> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/targets?state=active`);
    const { data } = (await answer.json()) as {
      data: { activeTargets: readonly { labels: Readonly<Record<string, string>> }[] };
    };
    return data.activeTargets
      .map(({ labels }) => labels)
      .sort((one, two) => (String(one.job) < String(two.job) ? -1 : 1));
  } catch {
    return undefined;
  }
}
