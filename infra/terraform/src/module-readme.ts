import { attributeOf, blocksOf, type HclBlock, textOf } from "./hcl-blocks.ts";

/** Between these two lines a README is written by the script. */
const begin = "<!-- Written by `npm run generate -w infra/terraform`: inputs and outputs. -->";
const end = "<!-- The end of what is written. -->";

/** The tables of a module's inputs and outputs, in Markdown. */
export function tablesOf(variables: string, outputs: string): string {
  const inputs = blocksOf("variable", variables).map((block) => {
    const standard = attributeOf(block, "default");
    return row([
      code(block.label),
      told(block),
      code(shortType(attributeOf(block, "type") ?? "any")),
      standard === undefined ? "required" : code(standard),
    ]);
  });
  const answers = blocksOf("output", outputs).map((block) => row([code(block.label), told(block)]));
  return [
    "| input | what | type | default |",
    "|---|---|---|---|",
    ...inputs,
    "",
    "| output | what |",
    "|---|---|",
    ...answers,
  ].join("\n");
}

/** The README with its tables brought up to date; the rest is left as people wrote it. */
export function withTables(readme: string, tables: string): string {
  const from = readme.indexOf(begin);
  const to = readme.indexOf(end);
  const written = `${begin}\n${tables}\n${end}`;
  if (from < 0 || to < from) return `${readme.trimEnd()}\n\n${written}\n`;
  return `${readme.slice(0, from)}${written}${readme.slice(to + end.length)}`;
}

/** The description; `<region>` in it is a place to fill in, and no HTML. */
function told(block: HclBlock): string {
  return textOf(attributeOf(block, "description")).replaceAll("<", "&lt;");
}

/** What lies inside objects is told by the description; whoever needs it reads the code. */
function shortType(type: string): string {
  return type.replaceAll(/object\(\{.*\}\)/g, "object");
}

function code(text: string): string {
  return `\`${text}\``;
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
