import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { artefacts, runbooksDefault } from "@holdfast/observability/artefacts";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { runTool } from "./observability-tools.ts";

const root = resolve(import.meta.dirname, "../../..");
const generate = join(root, "infra/observability/src/generate.ts");

interface GrafanaPanel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly type: string; readonly uid: string };
  readonly links?: readonly { readonly title: string; readonly url: string }[];
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly targets?: readonly {
    readonly refId: string;
    readonly expr?: string;
    readonly rawSql?: string;
  }[];
}

interface GrafanaDashboard {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly panels: readonly GrafanaPanel[];
  readonly templating: {
    readonly list: readonly {
      readonly name: string;
      readonly type: string;
      readonly query: unknown;
    }[];
  };
}

const committed = [...artefacts(runbooksDefault).keys()]
  .filter((path) => path.endsWith(".json"))
  .map((path) => {
    const text = readFileSync(join(root, "infra", path), "utf8");
    return [path, JSON.parse(text) as GrafanaDashboard] as const;
  });

it("what is committed is what is generated", () => {
  const { ok, output } = runTool(process.execPath, [generate, "--check"]);
  expect(ok, output).toBe(true);
});

it("a file that was changed by hand, or that nothing writes any more, is named", () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-dashboards-"));
  try {
    execFileSync(process.execPath, [generate, "--out", folder]);
    writeFileSync(join(folder, "grafana/audit.json"), "{}\n");
    cpSync(join(folder, "grafana/overview.json"), join(folder, "grafana/gone.json"));
    const { ok, output } = runTool(process.execPath, [generate, "--check", "--out", folder]);
    expect(ok).toBe(false);
    expect(output).toContain("grafana/audit.json is not what would be written");
    expect(output).toContain("grafana/gone.json is written by nothing");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

it("the runbooks of every artefact lie where they are said to", () => {
  const folder = "https://wiki.test/holdfast";
  const texts = [...artefacts(folder)];
  expect(texts.filter(([, text]) => text.includes(runbooksDefault))).toEqual([]);
  const links = texts.flatMap(([, text]) => [...text.matchAll(/[\w:/.-]+\.md/g)].map(String));
  const names = new Set(links.map((link) => link.slice(link.lastIndexOf("/") + 1)));
  expect(names.size).toBeGreaterThan(20);
  expect([...names].filter((name) => !existsSync(join(root, "docs/runbooks", name)))).toEqual([]);
});

it("uids are the ones that links and bookmarks have", () => {
  expect(committed.map(([path, { uid }]) => [path, uid])).toEqual([
    ["grafana/overview.json", "holdfast-overview"],
    ["grafana/infrastructure.json", "holdfast-infrastructure"],
    ["grafana/business.json", "holdfast-business"],
    ["grafana/global-quorum.json", "holdfast-global-quorum"],
    ["grafana/audit.json", "holdfast-audit"],
  ]);
});

describe.each(committed)("%s", (_path, dashboard) => {
  const panels = dashboard.panels.filter(({ type }) => type !== "row");

  it("has variables for datasource, region and shard, each of which something reads", () => {
    const names = dashboard.templating.list.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["datasource", "region", "shard", "runbooks"]));
    expect(new Set(names).size).toBe(names.length);
    const read = JSON.stringify(dashboard.panels) + JSON.stringify(dashboard.templating);
    const unknown = [...read.matchAll(/\$\{?(\w+)(?::\w+)?\}?/g)]
      .map(([, name = ""]) => name)
      .filter((name) => !name.startsWith("__") && !names.includes(name));
    // "$1" is a group in label_replace, "$__x" Grafana's own.
    expect([...new Set(unknown)].filter((name) => name !== "1")).toEqual([]);
  });

  it("has panels with a description, a source and a link to a runbook", () => {
    expect(panels.length).toBeGreaterThan(5);
    for (const panel of panels) {
      expect(panel.title).not.toBe("");
      expect(panel.description?.length ?? 0, panel.title).toBeGreaterThan(20);
      expect(panel.datasource?.uid, panel.title).toMatch(/^\$\{(datasource|ledger)\}$/);
      expect(panel.links, panel.title).toEqual([
        expect.objectContaining({
          title: "Runbook",
          url: expect.stringMatching(/^\$\{runbooks\}\/[a-z-]+\.md$/),
        }),
      ]);
      const refIds = panel.targets?.map(({ refId }) => refId) ?? [];
      expect(refIds.length, panel.title).toBeGreaterThan(0);
      expect(new Set(refIds).size, panel.title).toBe(refIds.length);
    }
  });

  it("lays its panels out beside each other, each with an id of its own", () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const taken = new Set<string>();
    for (const { title, gridPos } of dashboard.panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.has(`${x},${y}`), `${title} lies over another panel`).toBe(false);
          taken.add(`${x},${y}`);
        }
      }
    }
  });
});

it("the rules are YAML that says of each alert how bad it is and what to do", () => {
  const text = readFileSync(join(root, "infra/prometheus/alerts.yaml"), "utf8");
  const { groups } = parse(text) as {
    groups: readonly { rules: readonly { labels: object; annotations: object }[] }[];
  };
  for (const { labels, annotations } of groups.flatMap(({ rules }) => rules)) {
    expect(labels).toMatchObject({
      severity: expect.stringMatching(/^(critical|warning)$/),
      tier: expect.any(String),
    });
    expect(annotations).toEqual({
      summary: expect.stringMatching(/.{10}/),
      description: expect.stringMatching(/.{20}/),
      runbook_url: expect.stringContaining(`${runbooksDefault}/`),
    });
  }
});
