import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { valueRows, valuesTable } from "./values-table.ts";

/** Folders of the chart in which everything is generated. */
export const generatedFolders = ["files/rules", "files/dashboards"] as const;

/** The generated files of the chart, by their path in it, for a repository at `root`. */
export function chartFiles(root: string): Map<string, string> {
  const chart = join(root, "helm/holdfast");
  const rows = valueRows(readFileSync(join(chart, "values.yaml"), "utf8"));
  const files = new Map([["README.md", readme(valuesTable(rows))]]);
  for (const [name, text] of filesIn(join(root, "infra/prometheus"), ".yaml")) {
    // Prometheus' own configuration lies there, too: an operator makes that by itself.
    if (parse(text)?.groups !== undefined) files.set(`files/rules/${name}`, text);
  }
  for (const [name, text] of filesIn(join(root, "infra/grafana"), ".json")) {
    files.set(`files/dashboards/${name}`, text);
  }
  return files;
}

/** The files of a folder by name; none where there is no such folder. */
function filesIn(folder: string, ending: string): [name: string, text: string][] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => [name, readFileSync(join(folder, name), "utf8")]);
}

function readme(table: string): string {
  return `# The Holdfast chart

One release is one region. [docs/operations.md](../../docs/operations.md) says how a region is installed,
upgraded, lost, restored and evacuated; \`helm/values\` has the values of three regions, and
\`values.schema.json\` refuses what cannot be.

\`\`\`sh
helm upgrade --install holdfast helm/holdfast --namespace holdfast-us-east-1 --create-namespace \\
  --values helm/values/us-east-1.yaml --values my-installation.yaml
helm test holdfast --namespace holdfast-us-east-1
\`\`\`

It needs Kubernetes 1.30 or newer, and, where they are turned on, cert-manager, the Prometheus operator,
the External Secrets operator and external-dns. Redis, Kafka, Postgres and S3 are outside of it.

## Values

This table is made of the comments in \`values.yaml\` by \`node infra/helm/src/generate.ts\`.

${table}
`;
}
