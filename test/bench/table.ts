import { type Bar, verdict } from "./bars.ts";
import { contenderNames } from "./contenders/contender.ts";
import type { Figures } from "./figures.ts";

/** The figures as text for people: contenders first, then what has a bar. */
export function printTable(figures: Figures, bars: readonly Bar[]): string {
  const contenders = contenderLines(figures);
  const lines = [...barLines(figures, bars), ...skippedLines(figures)];
  return [...contenders, ...(contenders.length === 0 ? [] : [""]), ...lines].join("\n");
}

function contenderLines(figures: Figures): string[] {
  const columns = [
    ["pairs/s", "pairs_per_s", 0],
    ["in flight", "in_flight", 0],
    ["p50 ms", "acquire_p50_ms", 2],
    ["p99 ms", "acquire_p99_ms", 2],
    ["client us/pair", "client_cpu_us_per_pair", 0],
    ["server us/pair", "server_cpu_us_per_pair", 0],
  ] as const;
  const rows = [...contenderNames, "holdfast_at_64"]
    .filter((name) => figures[`local.${name}.pairs_per_s`] !== undefined)
    .map((name) => [
      name,
      ...columns.map(([, key, digits]) => number(figures[`local.${name}.${key}`], digits)),
    ]);
  if (rows.length === 0) return [];
  return aligned([["contender", ...columns.map(([title]) => title)], ...rows]);
}

function barLines(figures: Figures, bars: readonly Bar[]): string[] {
  const rows = bars.map((bar) => {
    const figure = figures[bar.key];
    const value = typeof figure === "number" ? figure : undefined;
    return [bar.key, shown(bar, value), limit(bar, bar.must), limit(bar, bar.aim), bar.what].concat(
      verdict(bar, value),
    );
  });
  return aligned([["figure", "measured", "must reach", "aim", "what", "reached"], ...rows]);
}

function skippedLines(figures: Figures): string[] {
  return Object.entries(figures)
    .filter(([key]) => key.startsWith("skipped."))
    .map(([key, reason]) => `${key.replace(".", " ")}: ${reason}`);
}

function shown(bar: Bar, value: number | undefined): string {
  if (value === undefined) return "not measured";
  return number(value, wholeUnits.includes(bar.unit) ? 0 : 2);
}

const wholeUnits: readonly Bar["unit"][] = ["bytes", "MiB", "ops/s", "events/s"];

function limit(bar: Bar, value: number | undefined): string {
  if (value === undefined) return "-";
  return `${bar.better === "more" ? ">=" : "<="} ${value}`;
}

function number(value: number | string | null | undefined, digits: number): string {
  return typeof value === "number" && Number.isFinite(value) ? value.toFixed(digits) : "-";
}

/** Columns as wide as their widest cell; numbers to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return /^[-\d.]+$/.test(cell) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd(),
  );
}
