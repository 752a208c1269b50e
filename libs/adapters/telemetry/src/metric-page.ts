import type { CataloguedMetric } from "./metric-catalogue.ts";

const intro = `# Metrics

Every service tells what it counts at \`http://<HOLDFAST_METRICS_LISTEN>/metrics\`, in the text format of
Prometheus or, for who asks for it, in OpenMetrics with trace ids as exemplars. On the same port:

| path | 200 when | for |
|---|---|---|
| \`/live\` | the process runs; it depends on nothing else | the liveness of a container |
| \`/ready\` | the service does its work, as its gRPC health says; not while it drains | load balancers, rollouts |
| \`/healthz\` | nothing is wrong; else 503 with the reason in words | people, alerts |

This page is made by \`npm run metrics -w libs/adapters/telemetry\` from what the services count with.
No label holds the name of a lock, of a session or any other text of a client; which locks are fought
over is asked of the API. A histogram's rate, sum and buckets are \`_count\`, \`_sum\` and \`_bucket\`.
`;

/** The catalogue as a page for people. */
export function metricPage(catalogue: readonly CataloguedMetric[]): string {
  const every = Math.max(...catalogue.map(({ services }) => services.length));
  const own = catalogue.filter(({ name }) => name.startsWith("holdfast_"));
  const ofNode = catalogue.filter(({ name }) => !name.startsWith("holdfast_"));
  const servicesOf = ({ services }: CataloguedMetric): string =>
    services.length === every ? "every service" : services.join(", ");
  const lines = own.map((metric) => {
    const { name, type, labels, help } = metric;
    const list = labels.map((label) => `\`${label}\``).join(", ");
    return `| \`${name}\` | ${type} | ${list} | ${servicesOf(metric)} | ${sentence(help)} |`;
  });
  const process = ofNode.map(
    ({ name, type, help }) => `| \`${name}\` | ${type} | ${sentence(help)} |`,
  );
  return [
    intro,
    "## Holdfast",
    "",
    "| name | type | labels | told by | what |",
    "|---|---|---|---|---|",
    ...lines,
    "",
    "## The process itself, told by every service",
    "",
    "| name | type | what |",
    "|---|---|---|",
    ...process,
    "",
  ].join("\n");
}

function sentence(help: string): string {
  return help.replaceAll("|", "\\|").replace(/\.?$/, ".");
}
