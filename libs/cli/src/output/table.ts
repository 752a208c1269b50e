import type { Paint } from "./paint.ts";

/** A column of a table. */
export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
  /** May be cut with `…` where the terminal is too narrow; the rightmost such column first. */
  readonly flexible?: boolean;
}

/** What a table is drawn for. */
export interface Canvas {
  /** Lines are cut to this width; undefined: never, as befits a pipe. */
  readonly columns?: number | undefined;
  readonly paint: Paint;
}

const gap = "  ";
/** A flexible column keeps at least this many characters. */
const flexibleMin = 8;

/** Aligned lines, titles first, each ending in a newline and none with trailing blanks. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  canvas: Canvas,
): string {
  const safeRows = rows.map((row) => row.map(printable));
  const widths = fit(columns, safeRows, canvas.columns);
  const line = (cells: readonly string[]) =>
    columns
      .map((column, index) => pad(cells[index] ?? "", widths[index] ?? 0, column.align))
      .join(gap)
      .trimEnd();
  const title = canvas.paint("bold", line(columns.map((column) => column.title)));
  return [title, ...safeRows.map(line), ""].join("\n");
}

/** Lines of `label  value`, the values aligned and never cut. */
export function renderFields(
  fields: readonly (readonly [label: string, value: string])[],
  paint: Paint,
): string {
  const width = Math.max(0, ...fields.map(([label]) => label.length));
  return fields
    .map(([label, value]) => `${paint("bold", label.padEnd(width))}${gap}${printable(value)}`)
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}

/** Metadata and owners are other people's text: control characters could steer a terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) => {
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

function fit(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  limit: number | undefined,
): number[] {
  const widths = columns.map((column, index) =>
    Math.max(column.title.length, ...rows.map((row) => length(row[index] ?? ""))),
  );
  if (limit === undefined) return widths;
  let excess = widths.reduce((sum, width) => sum + width + gap.length, -gap.length) - limit;
  for (let index = columns.length - 1; index >= 0 && excess > 0; index--) {
    if (columns[index]?.flexible !== true) continue;
    const floor = Math.max(flexibleMin, columns[index]?.title.length ?? 0);
    const cut = Math.min(excess, Math.max(0, (widths[index] ?? 0) - floor));
    widths[index] = (widths[index] ?? 0) - cut;
    excess -= cut;
  }
  return widths;
}

function pad(text: string, width: number, align: "left" | "right" = "left"): string {
  const characters = Array.from(text);
  if (characters.length > width) return `${characters.slice(0, Math.max(0, width - 1)).join("")}…`;
  const blanks = " ".repeat(width - characters.length);
  return align === "left" ? text + blanks : blanks + text;
}

function length(text: string): number {
  return Array.from(text).length;
}
