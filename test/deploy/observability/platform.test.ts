import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { localTargets } from "@holdfast/observability/prometheus/local-targets";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { foreignMetrics } from "./foreign-metrics.ts";
import { toolFor } from "./observability-tools.ts";
import { panelQueries } from "./queries.ts";
import { commandsIn, runbooks } from "./runbook-commands.ts";
import { type RunningPlatform, startPlatform } from "./running-platform.ts";
import { type RunningPrometheus, startPrometheus } from "./running-prometheus.ts";

const run = promisify(execFile);
const why = "no dashboard is drawn from a running platform";
const etcd = await toolFor("etcd", why);
const prometheus = await toolFor("prometheus", why);
const etcdctl = await toolFor("etcdctl", why);
const missing = etcd.missing ?? prometheus.missing ?? etcdctl.missing;

/** Panels that show nothing here, and what would have to be there. */
const emptyHere: readonly (readonly [panel: RegExp, wants: string])[] = [
  [/Alerts that fire/, "something that is wrong"],
  [/Containers, part of their memory|Restarts of pods|: Disks/, "Kubernetes or a node exporter"],
  [/Certificates, time left/, "TLS"],
  [/Requests to etcd that fail/, "an etcd that fails"],
  [/Asked for and not got/, "Kafka"],
  [/Reads that the cache answered|: Marks|Cache at rest/, "Redis"],
  [/Record damaged|History lost unread|Trouble on the way/, "trouble"],
  [/last whole round|Days that wait|Archived in a day|Bytes archived|Steps that failed/, "S3"],
  [/failed/, "etcd proposals that fail"],
];

const commands = [...runbooks()].flatMap(([name, text]) => commandsIn(name, text));
/** Each once, but for those of a cluster, which there is none of here. */
const pasted = [
  ...new Map(
    commands
      .filter(({ command, byHand }) => !byHand && !command.startsWith("kubectl"))
      .map((each) => [each.command, each]),
  ).values(),
];

function isPromtool(command: string): boolean {
  return command.startsWith("promtool");
}

describe.skipIf(missing !== undefined)("a running platform, and a Prometheus that asks it", () => {
  let folder = "";
  let platform: RunningPlatform;
  let asked: RunningPrometheus;

  /** A line as somebody types it, in the terminal that docs/runbooks/README.md describes. */
  async function typed(command: string, environment: Readonly<Record<string, string>> = {}) {
    const tools = [platform.binaries, dirname(prometheus.path), dirname(etcdctl.path)];
    const env = {
      ...process.env,
      PATH: [...tools, process.env.PATH].join(delimiter),
      NO_COLOR: "1",
      ...platform.environment,
      PROMETHEUS: asked.url,
      ...environment,
    };
    try {
      const { stdout } = await run("bash", ["-c", command], { env, cwd: folder, timeout: 30_000 });
      return { code: 0, said: stdout };
    } catch (error) {
      const { code, stderr } = error as { code: number; stderr: string };
      return { code, said: stderr };
    }
  }

  /** What shows nothing, and should. */
  async function emptyPanels(): Promise<string[]> {
    const empty: string[] = [];
    for (const { where, expr } of panelQueries) {
      const filled = expr
        .replaceAll(/\$(region|shard)/g, ".*")
        .replaceAll("$__rate_interval", "1m");
      const series = await asked.query(filled);
      const excused = emptyHere.some(([panel]) => panel.test(`${where} ${filled}`));
      if (series.length === 0 && !excused) empty.push(`${where}: ${filled}`);
    }
    return empty;
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "holdfast-observed-"));
    platform = await startPlatform(folder);
    asked = await startPrometheus(
      prometheus.path,
      join(folder, "prometheus"),
      localTargets(platform.endpoints),
    );
    for (const command of [
      "holdfast bench --seconds 1 --clients 8",
      "holdfast try --global leader",
      "holdfast get --global leader",
      "holdfast acquire order:12345 --ttl 60s && ! holdfast try order:12345",
    ]) {
      const { code, said } = await typed(command);
      expect(code, `${command}: ${said}`).toBe(0);
    }
    // Rates need two looks; what is recorded one more, and rules record one after the other.
    const endMs = performance.now() + 20_000;
    while ((await emptyPanels()).length > 0 && performance.now() < endMs) await sleep(200);
  }, 120_000);
  afterAll(async () => {
    await asked?.[Symbol.asyncDispose]();
    await platform?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it("is asked whole, by the labels that rules and dashboards read", async () => {
    const up = await asked.query("sum by (component, region) (up)");
    const told = up.map(({ metric, value }) => `${metric.component} ${metric.region} ${value[1]}`);
    for (const region of ["us-east-1", "us-west-2", "eu-west-1"]) {
      for (const component of ["router 1", "coordinator 1", "placement 1", "etcd 2"]) {
        const [name, count] = component.split(" ");
        expect(told).toContain(`${name} ${region} ${count}`);
      }
    }
  });

  it("tells every metric that etcd and Node are said to make", async () => {
    const names = await asked.get<string[]>("label/__name__/values");
    const families = new Set(names.map((name) => name.replace(/_bucket$/, "")));
    const expected = [...(foreignMetrics.etcd ?? []), ...(foreignMetrics.node ?? [])];
    expect(expected.filter((name) => !families.has(name))).toEqual([]);
  });

  it("has regions and shards to choose from", async () => {
    const regions = await asked.query("group by (region) (holdfast_build_info)");
    const shards = await asked.query('group by (shard) (holdfast_shard_usable{region=~".*"})');
    expect(new Set(regions.map(({ metric }) => metric.region))).toEqual(
      // Whoever serves all regions has none.
      new Set(["us-east-1", "us-west-2", "eu-west-1", undefined]),
    );
    expect(shards.map(({ metric }) => metric.shard).sort()).toEqual(["s0", "s1"]);
  });

  it("answers the query of every panel, and has something to draw wherever it can", async () => {
    expect((await emptyPanels()).join("\n")).toBe("");
  });

  it("sets off no alert while all is well", async () => {
    const firing = await asked.query('ALERTS{alertstate="firing"}');
    expect(firing.map(({ metric }) => metric.alertname)).toEqual([]);
    const rules = await asked.get<{ groups: readonly { rules: readonly { health: string }[] }[] }>(
      "rules",
    );
    const health = rules.groups.flatMap((group) => group.rules.map((rule) => rule.health));
    expect([...new Set(health)]).toEqual(["ok"]);
  });

  it("answers the queries of the runbooks, and promtool can ask them", async () => {
    const queries = pasted.map(
      ({ command }) => /^promtool query instant "\$PROMETHEUS" '(.*)'$/.exec(command)?.[1],
    );
    for (const query of queries) if (query !== undefined) await asked.query(query);
    const [first = ""] = pasted.map(({ command }) => command).filter(isPromtool);
    expect(await typed(first)).toMatchObject({ code: 0 });
    await expect(asked.query("sum by (region (up)")).rejects.toThrow(/parse error/);
  });

  it("does what the runbooks say when their commands are pasted", async () => {
    const lines = pasted.filter(({ command }) => !isPromtool(command));
    expect(lines.length).toBeGreaterThan(20);
    const failed: string[] = [];
    const worker = async () => {
      for (let next = lines.shift(); next !== undefined; next = lines.shift()) {
        const { code, said } = await typed(next.command);
        if (code !== 0) failed.push(`${next.runbook}: ${next.command} ended with ${code}: ${said}`);
      }
    };
    await Promise.all([worker(), worker(), worker()]);
    expect(failed).toEqual([]);
  }, 180_000);

  it("understands the commands that are to be typed with thought", async () => {
    const nowhere = { HOLDFAST_ENDPOINTS: "127.0.0.1:1" };
    for (const { command, byHand, runbook } of commands) {
      if (!byHand || !command.startsWith("holdfast")) continue;
      const { code, said } = await typed(command, nowhere);
      expect([code, said], runbook).toEqual([69, expect.any(String)]);
    }
    expect((await typed("holdfast region admit us-east-1", nowhere)).code).toBe(64);
  });
});
