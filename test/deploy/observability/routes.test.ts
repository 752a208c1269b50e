import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { alertmanagerConfig } from "@holdfast/observability/alertmanager/alertmanager-config";
import { alerts } from "@holdfast/observability/alerts/alert-groups";
import { fixedLabels } from "@holdfast/observability/prometheus/rule-files";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { runTool, toolFor } from "./observability-tools.ts";
import { PageReceivers } from "./page-receivers.ts";
import {
  type RunningAlertmanager,
  startAlertmanager,
  whyNoAlertmanager,
} from "./running-alertmanager.ts";

const file = resolve(import.meta.dirname, "../../../infra/alertmanager/alertmanager.yaml");
const amtool = await toolFor("amtool", "the routes of alerts are not tried out");
const alertmanager = await toolFor("alertmanager", "no alert is sent");
const notSent = alertmanager.missing ?? whyNoAlertmanager(alertmanager.path);
if (notSent !== undefined) console.warn(`skipped, no alert is sent: ${notSent}`);

describe.skipIf(amtool.missing !== undefined)("amtool, over the routes", () => {
  const receivers = (...labels: string[]) =>
    runTool(amtool.path, ["config", "routes", "test", `--config.file=${file}`, ...labels]);

  it("finds nothing wrong with the configuration", () => {
    const { ok, output } = runTool(amtool.path, ["check-config", file]);
    expect(ok, output).toBe(true);
    expect(output).toContain("2 receivers");
  });

  it.each(alerts.map((alert) => [alert.name, alert] as const))(
    "knows where %s goes",
    (name, alert) => {
      const labels = Object.entries({
        ...fixedLabels(alert),
        alertname: name,
        region: "us-east-1",
      });
      const { output } = receivers(...labels.map(([label, value]) => `${label}=${value}`));
      expect(output.trim()).toBe(alert.severity === "critical" ? "pagerduty" : "slack");
    },
  );

  it("sends what no route knows to people all the same", () => {
    expect(receivers("alertname=Strange").output.trim()).toBe("slack");
    expect(receivers("alertname=Strange", "severity=info").output.trim()).toBe("slack");
  });
});

it("no secret stands in the configuration", () => {
  const text = stringify(alertmanagerConfig);
  expect(text).not.toMatch(/hooks\.slack\.com|routing_key:|service_key:|api_url:|password:/);
});

describe.skipIf(notSent !== undefined)("a real Alertmanager", () => {
  let folder = "";
  let receivers: PageReceivers;
  let running: RunningAlertmanager;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "holdfast-alertmanager-"));
    receivers = await PageReceivers.listen();
    running = await startAlertmanager(alertmanager.path, folder, receivers);
    await running.post([
      { alertname: "HoldfastRegionDown", region: "us-east-1" },
      { alertname: "HoldfastEtcdMemberDown", region: "us-east-1", shard: "s0", instance: "e1" },
      { alertname: "HoldfastTargetDown", region: "us-east-1", instance: "r1" },
      { alertname: "HoldfastSafetyViolation", region: "us-east-1", rule: "two-exclusive" },
      { alertname: "HoldfastEtcdMemberDown", region: "eu-west-1", shard: "s0", instance: "e2" },
      { alertname: "HoldfastJournalLag", region: "eu-west-1", shard: "s1" },
      { alertname: "HoldfastQuorumLost", region: "eu-west-1" },
      { alertname: "HoldfastQuorumOfTwo", region: "eu-west-1" },
      { alertname: "HoldfastQuorumOfTwo", region: "us-west-2" },
      { alertname: "HoldfastSloBurnFast", region: "eu-west-1", scope: "local" },
      { alertname: "HoldfastSloBurnSlow", region: "eu-west-1", scope: "local" },
      { alertname: "HoldfastSloBurnSlow", region: "eu-west-1", scope: "global" },
    ]);
  });
  afterAll(async () => {
    await running?.[Symbol.asyncDispose]();
    await receivers?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("holds back what something worse says already, and nothing else", async () => {
    const inhibited = await running.inhibited();
    expect(inhibited).toEqual([
      "HoldfastEtcdMemberDown us-east-1 s0",
      "HoldfastQuorumOfTwo eu-west-1",
      "HoldfastSloBurnSlow eu-west-1 local",
      "HoldfastTargetDown us-east-1",
    ]);
  });

  it("pages what is critical and writes the rest to Slack, with the keys of the files", async () => {
    await receivers.hears("pagerduty", /HoldfastSafetyViolation/);
    await receivers.hears("pagerduty", /HoldfastRegionDown/);
    await receivers.hears("slack", /HoldfastJournalLag/);
    const pages = receivers.heard("pagerduty").join("\n");
    expect(pages).toContain("key-of-pagerduty");
    expect(pages).toContain("https://holdfast.example/docs/runbooks/safety-violation.md");
    expect(pages).not.toContain("HoldfastJournalLag");
    expect(receivers.heard("slack").join("\n")).not.toMatch(/RegionDown|MemberDown/);
  });
});
