import { stringify } from "yaml";
import { alertmanagerConfig } from "./alertmanager/alertmanager-config.ts";
import { dashboards } from "./dashboards/all-dashboards.ts";
import { toGrafanaDashboard } from "./dashboards/to-grafana-dashboard.ts";
import { alertRuleFile, recordingRuleFile } from "./prometheus/rule-files.ts";
import { kubernetesScrape, localScrape } from "./prometheus/scrape-configs.ts";

/**
 * Where the runbooks are read from, if nothing else is said. The name is one that no network
 * resolves; whoever installs the alerts gives the address of their own copy of `docs/runbooks`.
 */
export const runbooksDefault = "https://holdfast.example/docs/runbooks";

/**
 * Everything that is generated: texts by path below `infra`. `runbooks` has no slash at its end.
 */
export function artefacts(runbooks: string): ReadonlyMap<string, string> {
  return new Map([
    ...dashboards.map((dashboard) => {
      const name = dashboard.uid.slice("holdfast-".length);
      const json = JSON.stringify(toGrafanaDashboard(dashboard, runbooks), null, 2);
      return [`grafana/${name}.json`, `${json}\n`] as const;
    }),
    ["prometheus/recording-rules.yaml", yaml("", recordingRuleFile())],
    ["prometheus/alerts.yaml", yaml("", alertRuleFile(runbooks))],
    ["prometheus/prometheus-local.yaml", yaml(localScrape.about, localScrape.config)],
    [
      "prometheus/prometheus-kubernetes.yaml",
      yaml(kubernetesScrape.about, kubernetesScrape.config),
    ],
    ["alertmanager/alertmanager.yaml", yaml("", alertmanagerConfig)],
  ]);
}

function yaml(about: string, content: object): string {
  const lines = ["Written by infra/observability/src/generate.ts: change it there.", about];
  const comment = lines
    .join("\n")
    .trim()
    .split("\n")
    .map((line) => `# ${line}`.trimEnd());
  // No anchors: other tools than Prometheus read these files as well, and not all know them.
  return `${comment.join("\n")}\n${stringify(content, { lineWidth: 100, aliasDuplicateObjects: false })}`;
}
