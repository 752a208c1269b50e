import { isMap, isScalar, type Node, type Pair, parseDocument, type YAMLMap } from "yaml";

/** One value that may be set. */
export interface ValueRow {
  /** As `router.service.type`. */
  readonly path: string;
  /** The default, as JSON. */
  readonly standard: string;
  /** What the comment above it says; empty without one. */
  readonly text: string;
}

/** Longest default that is shown whole. */
const standardCharsMax = 60;
const mark = /^ ?-- ?/;

/**
 * The values of a chart, in their order, from the text of its `values.yaml`. A comment that begins
 * with `# --` speaks of what follows it; a map that has one and no member that has one is one row.
 */
export function valueRows(valuesYaml: string): ValueRow[] {
  const { contents } = parseDocument(valuesYaml);
  return isMap(contents) ? rowsOf(contents, []) : [];
}

function rowsOf(map: YAMLMap, above: readonly string[]): ValueRow[] {
  return map.items.flatMap((pair, index) => {
    const path = [...above, String((pair.key as { value?: unknown }).value)];
    // The comment before a map's first key belongs to the map.
    const comment = index === 0 && above.length > 0 ? map.commentBefore : commentOf(pair);
    const text = textOf(comment ?? commentOf(pair));
    const value = pair.value as Node | null;
    const inner = isMap(value) && value.items.length > 0 && !value.flow ? rowsOf(value, path) : [];
    const own = { path: path.join("."), standard: standardOf(value), text };
    if (inner.length === 0) return [own];
    return text === "" ? inner : [{ ...own, standard: "" }, ...inner];
  });
}

function commentOf({ key }: Pair): string | null | undefined {
  return (key as Node | null)?.commentBefore;
}

function textOf(comment: string | null | undefined): string {
  if (comment === null || comment === undefined) return "";
  const lines = comment.split("\n");
  const from = lines.findLastIndex((line) => mark.test(line));
  if (from < 0) return "";
  return lines
    .slice(from)
    .map((line) => line.replace(mark, "").trim())
    .join(" ");
}

function standardOf(value: Node | null): string {
  const json = JSON.stringify(value === null ? null : (value as { toJSON(): unknown }).toJSON());
  if (isScalar(value) || json.length <= standardCharsMax) return json;
  return "see values.yaml";
}

/** A table in Markdown of all rows. */
export function valuesTable(rows: readonly ValueRow[]): string {
  const cell = (text: string) => text.replaceAll("|", "\\|");
  const lines = rows.map(({ path, standard, text }) => {
    const shown = standard === "" || standard.startsWith("see ") ? standard : `\`${standard}\``;
    return `| \`${path}\` | ${cell(shown)} | ${cell(text)} |`;
  });
  return ["| value | default | what |", "|---|---|---|", ...lines].join("\n");
}
