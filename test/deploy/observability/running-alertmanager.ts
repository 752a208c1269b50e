import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { secretsFolder } from "@holdfast/observability/alertmanager/alertmanager-config";
import { runbookFile } from "@holdfast/observability/alerts/alert";
import { alerts } from "@holdfast/observability/alerts/alert-groups";
import { artefacts } from "@holdfast/observability/artefacts";
import { fixedLabels } from "@holdfast/observability/prometheus/rule-files";
import { ServerProcess } from "@holdfast/toolchain/server-process";
import { startOnPorts } from "@holdfast/toolchain/start-on-ports";
import { parse, stringify } from "yaml";
import { until } from "../../integration/until.ts";
import type { PageReceivers } from "./page-receivers.ts";

const runbooks = "https://holdfast.example/docs/runbooks";

/** An Alertmanager with our configuration, that tells stand-ins. */
export interface RunningAlertmanager extends AsyncDisposable {
  /** Sends firing alerts of ours, as Prometheus does, and waits until they are known. */
  post(firing: readonly Readonly<Record<string, string>>[]): Promise<void>;
  /** Those that are held back: name, region, shard or scope. */
  inhibited(): Promise<string[]>;
}

/** Starts it on a free port of its own. */
export async function startAlertmanager(
  binary: string,
  folder: string,
  receivers: PageReceivers,
): Promise<RunningAlertmanager> {
  mkdirSync(join(folder, "secrets"));
  writeFileSync(join(folder, "secrets/pagerduty-routing-key"), "key-of-pagerduty");
  writeFileSync(join(folder, "secrets/slack-webhook-url"), receivers.urlOf("slack"));
  const config = join(folder, "alertmanager.yaml");
  writeFileSync(config, configuration(join(folder, "secrets"), receivers.urlOf("pagerduty")));
  const { server, ports } = await startOnPorts({
    dataDir: folder,
    count: 1,
    build: ([port = 0]) =>
      new ServerProcess({
        title: "alertmanager",
        ...command(binary, [
          `--config.file=${config}`,
          `--storage.path=${join(folder, "data")}`,
          `--web.listen-address=127.0.0.1:${port}`,
          // Alone: it would look for others of its kind.
          "--cluster.listen-address=",
        ]),
        logPath: join(folder, "alertmanager.log"),
        isReady: () => isReady(port),
        startTimeoutMs: 20_000,
        stopGraceMs: 2_000,
      }),
  });
  const url = `http://127.0.0.1:${ports[0]}/api/v2/alerts`;
  return {
    post: async (firing) => {
      const body = JSON.stringify(firing.map(asPosted));
      const headers = { "content-type": "application/json" };
      const answer = await fetch(url, { method: "POST", headers, body });
      if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
      await until("all alerts are known", async () => (await known(url)).length === firing.length);
    },
    inhibited: async () =>
      (await known(url))
        .filter(({ status }) => status.inhibitedBy.length > 0)
        .map(({ labels }) =>
          [labels.alertname, labels.region, labels.shard ?? labels.scope].join(" ").trim(),
        )
        .sort(),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

/**
 * Debian's own reads its templates from one place of the system. Where it was unpacked and not
 * installed, that place is made in a view of the file system that only this process has.
 */
function command(binary: string, args: readonly string[]) {
  const unpacked = join(dirname(binary), "root/usr/share/prometheus");
  if (!existsSync(unpacked)) return { file: binary, args };
  const script = 'mount -t tmpfs none /usr/share && ln -s "$0" /usr/share/prometheus && exec "$@"';
  const own = process.getuid?.() === 0 ? ["--mount"] : ["--mount", "--user", "--map-root-user"];
  return { file: "unshare", args: [...own, "sh", "-c", script, unpacked, binary, ...args] };
}

/** Why an unpacked Alertmanager cannot be run on this machine; undefined where it can. */
export function whyNoAlertmanager(binary: string): string | undefined {
  const { file, args } = command(binary, ["--version"]);
  try {
    execFileSync(file, args, { stdio: "pipe", timeout: 10_000 });
    return undefined;
  } catch (error) {
    return `it cannot be given its templates (${error instanceof Error ? error.message : error})`;
  }
}

/** Ours, but for where the secrets and PagerDuty are, and for the waits. */
function configuration(secrets: string, pagerdutyUrl: string): string {
  const text = artefacts(runbooks).get("alertmanager/alertmanager.yaml") ?? "";
  const config = parse(text.replaceAll(secretsFolder, secrets).replaceAll("30s", "1s"));
  return stringify({ ...config, global: { ...config.global, pagerduty_url: pagerdutyUrl } });
}

async function isReady(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/-/ready`)).ok;
  } catch {
    return false;
  }
}

interface KnownAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly status: { readonly inhibitedBy: readonly string[] };
}

async function known(url: string): Promise<KnownAlert[]> {
  return (await (await fetch(url)).json()) as KnownAlert[];
}

function asPosted(labels: Readonly<Record<string, string>>) {
  const alert = alerts.find(({ name }) => name === labels.alertname);
  if (alert === undefined) throw new Error(`there is no alert ${labels.alertname}`);
  return {
    labels: { ...fixedLabels(alert), ...labels },
    annotations: {
      summary: alert.name,
      description: alert.description,
      runbook_url: `${runbooks}/${runbookFile(alert)}`,
    },
  };
}
