import { stripVTControlCharacters } from "node:util";

/**
 * Lines of a table whose columns are as wide as their widest cell, two blanks apart. Marks for
 * colour take no room. The last column is not padded, so lines carry no blanks at their end.
 */
export function tableLines(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, visibleWidth(cell));
    });
  }
  return rows.map((row) =>
    row
      .map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - visibleWidth(cell)))
      .join("  ")
      .trimEnd(),
  );
}

function visibleWidth(cell: string): number {
  return stripVTControlCharacters(cell).length;
}
