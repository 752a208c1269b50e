import { runbookFile } from "@holdfast/observability/alerts/alert";
import { alerts } from "@holdfast/observability/alerts/alert-groups";
import { components } from "@holdfast/observability/prometheus/selectors";
import { describe, expect, it } from "vitest";
import { commandsIn, runbooks } from "./runbook-commands.ts";

const texts = runbooks();

it("every alert has a runbook, and every runbook an alert", () => {
  expect([...texts.keys()].sort()).toEqual(alerts.map(runbookFile).sort());
});

describe.each(alerts.map((alert) => [alert.name, alert] as const))(
  "the runbook of %s",
  (_, alert) => {
    const text = texts.get(runbookFile(alert)) ?? "";

    it("says whom it calls, what it means, what users see, what to look at and what to do", () => {
      expect(text.split("\n")[0]).toBe(`# ${alert.name}`);
      expect(text).toContain(`Severity: ${alert.severity}`);
      expect(text).toContain(alert.severity === "critical" ? "PagerDuty" : "Slack");
      const parts = ["What it means.", "What users see.", "Look.", "Do.", "Escalate."];
      const places = parts.map((part) => text.indexOf(`**${part}**`));
      expect(places).toEqual([...places].sort((one, two) => one - two));
      expect(places[0]).toBeGreaterThan(0);
    });

    it("has something to look at", () => {
      expect(commandsIn("", text).filter(({ byHand }) => !byHand).length).toBeGreaterThan(0);
    });
  },
);

it("commands of Kubernetes only look, at what the chart has", () => {
  const labels = new Set([...components, "etcd"].map((each) => `component=${each}`));
  const lines = [...texts]
    .flatMap(([name, text]) => commandsIn(name, text))
    .map(({ command }) => command)
    .filter((command) => command.startsWith("kubectl"));
  expect(lines.length).toBeGreaterThan(5);
  for (const line of lines) {
    expect(line).toMatch(/^kubectl -n "\$NAMESPACE" (get|logs|top) /);
    for (const [, key, value] of line.matchAll(/app\.kubernetes\.io\/(\w+)=(\w+)/g)) {
      expect(key === "name" ? value === "holdfast" : labels.has(`${key}=${value}`), line).toBe(
        true,
      );
    }
  }
});

it("what must not be pasted as it is stands in a block of its own", () => {
  const risky = /member remove|readmit|force|del |compact|kubectl .*(delete|rollout|scale)/;
  for (const [name, text] of texts) {
    for (const { command, byHand } of commandsIn(name, text)) {
      if (!byHand) expect(command, name).not.toMatch(risky);
    }
  }
});
