/**
 * Folder with the two secrets, one to a file: mounted there from a Kubernetes secret, or by hand.
 * No secret stands in the configuration itself.
 */
export const secretsFolder = "/etc/alertmanager/secrets";

/** What every message says, in words of Alertmanager's templates. */
const title = "{{ .CommonLabels.alertname }} ({{ .Alerts.Firing | len }} firing)";
const lines =
  "{{ range .Alerts }}{{ .Status }}: {{ .Annotations.summary }}\n" +
  "{{ .Annotations.description }}\n{{ .Annotations.runbook_url }}\n{{ end }}";

/** Critical wakes somebody, the rest is written where the team reads. */
const route = {
  // What no route below knows still has to reach a human.
  receiver: "slack",
  group_by: ["alertname", "region"],
  group_wait: "30s",
  group_interval: "5m",
  repeat_interval: "12h",
  routes: [
    {
      matchers: ['severity="critical"', 'urgency="immediate"'],
      receiver: "pagerduty",
      group_wait: "0s",
      repeat_interval: "1h",
    },
    { matchers: ['severity="critical"'], receiver: "pagerduty", repeat_interval: "4h" },
    { matchers: ['severity="warning"'], receiver: "slack" },
  ],
};

const receivers = [
  {
    name: "pagerduty",
    pagerduty_configs: [
      {
        routing_key_file: `${secretsFolder}/pagerduty-routing-key`,
        send_resolved: true,
        severity: "critical",
        description:
          "{{ .CommonAnnotations.summary }}{{ if not .CommonAnnotations.summary }}" +
          `${title}{{ end }}`,
        details: { alerts: lines },
      },
    ],
  },
  {
    name: "slack",
    slack_configs: [
      {
        api_url_file: `${secretsFolder}/slack-webhook-url`,
        channel: "#holdfast-alerts",
        send_resolved: true,
        title,
        text: lines,
      },
    ],
  },
];

/**
 * What is not said while something worse says it. A violation of safety is held back by nothing.
 */
const inhibitRules = [
  {
    // Each shard and service of the region would say the same.
    source_matchers: ['alertname="HoldfastRegionDown"'],
    target_matchers: ['tier=~"shard|service"'],
    equal: ["region"],
  },
  {
    source_matchers: ['alertname="HoldfastShardUnusable"'],
    target_matchers: ['tier="shard"', 'severity="warning"'],
    equal: ["region", "shard"],
  },
  {
    source_matchers: ['alertname="HoldfastQuorumLost"'],
    target_matchers: ['alertname="HoldfastQuorumOfTwo"'],
    equal: ["region"],
  },
  {
    source_matchers: ['alertname="HoldfastSloBurnFast"'],
    target_matchers: ['alertname="HoldfastSloBurnSlow"'],
    equal: ["region", "scope"],
  },
  {
    source_matchers: ['alertname="HoldfastCertificateExpired"'],
    target_matchers: ['alertname="HoldfastCertificateExpiring"'],
    equal: ["region", "component", "use"],
  },
];

/** The whole configuration of Alertmanager. */
export const alertmanagerConfig = {
  global: { resolve_timeout: "5m" },
  route,
  receivers,
  inhibit_rules: inhibitRules,
};
