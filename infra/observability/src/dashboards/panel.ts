import type { Alert } from "../alerts/alert.ts";

/** One question to Prometheus. */
export interface Query {
  readonly expr: string;
  /** Name of each series, with `{{label}}`; absent: the legend tells all labels. */
  readonly legend?: string;
}

/** Where a value turns yellow and red. */
export interface Limits {
  readonly warning?: number;
  readonly critical: number;
  /** Low values are the bad ones. */
  readonly falling?: boolean;
}

/** One panel, and what to do when it looks wrong. */
export interface Panel {
  readonly title: string;
  /** What it shows, and how it looks when all is well. */
  readonly description: string;
  /** The alert whose runbook says what to do about it. */
  readonly runbook: Alert["name"];
  readonly kind: "lines" | "number" | "heatmap" | "table" | "states";
  /** Grafana's name of a unit: `s`, `ops`, `percentunit`, `bytes`, `short`. */
  readonly unit: string;
  readonly queries: readonly Query[];
  readonly limits?: Limits;
  /** In twenty-fourths of the screen; a number takes 4 and anything else 12 if absent. */
  readonly width?: number;
}

/** A panel whose rows come from the ledger in Postgres: names of locks are in no metric. */
export interface LedgerPanel extends Pick<Panel, "title" | "description" | "runbook" | "width"> {
  readonly kind: "ledger-heatmap" | "ledger-table";
  readonly sql: string;
}

/** Panels under a heading. */
export interface Row {
  readonly title: string;
  readonly panels: readonly (Panel | LedgerPanel)[];
}

/** A dashboard before Grafana's words for it. */
export interface Dashboard {
  /** Never changed: links and bookmarks name it. */
  readonly uid: `holdfast-${string}`;
  readonly title: string;
  readonly description: string;
  readonly rows: readonly Row[];
}

/** Does its data come from the ledger, and not from Prometheus? */
export function isLedgerPanel(panel: Panel | LedgerPanel): panel is LedgerPanel {
  return panel.kind === "ledger-heatmap" || panel.kind === "ledger-table";
}
