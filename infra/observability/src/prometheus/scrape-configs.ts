import { scrapeIntervalS } from "./selectors.ts";

/** A configuration of Prometheus, and what it says of itself at its top. */
export interface ScrapeConfig {
  readonly about: string;
  readonly config: object;
}

const common = {
  global: { scrape_interval: `${scrapeIntervalS}s`, evaluation_interval: "30s" },
  rule_files: ["recording-rules.yaml", "alerts.yaml"],
};

/** The platform of `npm start`. */
export const localScrape: ScrapeConfig = {
  about: [
    "What npm start runs on this machine, from the list of addresses that it writes. Run it in the",
    "folder of this file's repository:",
    "  prometheus --config.file=infra/prometheus/prometheus-local.yaml --storage.tsdb.path=/tmp/prometheus",
  ].join("\n"),
  config: {
    ...common,
    scrape_configs: [
      { job_name: "holdfast", file_sd_configs: [{ files: ["../../.holdfast/metrics.json"] }] },
    ],
  },
};

const secrets = "/etc/prometheus/secrets/holdfast";

/** From a label of Kubernetes to one that rules and dashboards know. */
function fromPodLabel(label: string, target: string) {
  const source = `__meta_kubernetes_pod_label_${label.replaceAll(/[./]/g, "_")}`;
  return { source_labels: [source], target_label: target };
}

/** What is scraped, of the pods of a release: its port `metrics`. */
function pods(kept: string) {
  return [
    {
      source_labels: [
        "__meta_kubernetes_pod_label_app_kubernetes_io_name",
        "__meta_kubernetes_pod_label_app_kubernetes_io_component",
        "__meta_kubernetes_pod_container_port_name",
      ],
      regex: `holdfast;${kept};metrics`,
      action: "keep",
    },
    fromPodLabel("holdfast.dev/region", "region"),
    fromPodLabel("app.kubernetes.io/component", "component"),
    { source_labels: ["__meta_kubernetes_namespace"], target_label: "namespace" },
    { source_labels: ["__meta_kubernetes_pod_name"], target_label: "instance" },
  ];
}

const discovery = { kubernetes_sd_configs: [{ role: "pod" }] };

/** The kubelet tells of volumes at one path and of containers at another. */
function kubelet(job: string, path: string) {
  const account = "/var/run/secrets/kubernetes.io/serviceaccount";
  return {
    job_name: job,
    scheme: "https",
    metrics_path: path,
    authorization: { credentials_file: `${account}/token` },
    tls_config: { ca_file: `${account}/ca.crt`, insecure_skip_verify: true },
    kubernetes_sd_configs: [{ role: "node" }],
  };
}

/** A Prometheus in each region's cluster, without the Prometheus operator. */
export const kubernetesScrape: ScrapeConfig = {
  about: [
    "The pods of the chart helm/holdfast, for a Prometheus without the operator. Services ask who",
    "scrapes them for a certificate: mount the chart's client certificate below",
    `${secrets}. Change the region below to where it stands.`,
  ].join("\n"),
  config: {
    ...common,
    global: {
      ...common.global,
      // Where this Prometheus stands: what comes from nodes and not from our pods has no region.
      external_labels: { region: "us-east-1" },
    },
    alerting: {
      alertmanagers: [
        { static_configs: [{ targets: ["alertmanager.monitoring.svc.cluster.local:9093"] }] },
      ],
    },
    scrape_configs: [
      {
        job_name: "holdfast",
        scheme: "https",
        tls_config: {
          ca_file: `${secrets}/ca.crt`,
          cert_file: `${secrets}/tls.crt`,
          key_file: `${secrets}/tls.key`,
          // Pods are scraped by address, and no certificate names one; each names localhost.
          server_name: "localhost",
        },
        ...discovery,
        relabel_configs: pods("(router|coordinator|placement|journal|auditor|archiver)"),
      },
      {
        job_name: "holdfast-etcd",
        ...discovery,
        relabel_configs: [...pods("etcd"), fromPodLabel("holdfast.dev/shard", "shard")],
      },
      kubelet("kubelet", "/metrics"),
      kubelet("cadvisor", "/metrics/cadvisor"),
    ],
  },
};
