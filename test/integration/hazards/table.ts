import type { Guard, Hazard } from "./hazard.ts";

/** The guards as a table in Markdown: what was taken out and what failed. */
export function tableOf(hazards: readonly Hazard[]): string {
  const rows = hazards.flatMap(({ number, scenarios }) =>
    scenarios.flatMap(({ name, guards }) => guards.map((guard) => row(number, name, guard))),
  );
  return [
    "| hazard | scenario | guard | taken out of | the line | what failed without it |",
    "|---|---|---|---|---|---|",
    ...rows,
  ].join("\n");
}

function row(number: number, scenario: string, { what, file, find, replace, fails }: Guard) {
  const change = replace === "" ? code(find) : `${code(find)} → ${code(replace)}`;
  return `| ${[String(number), scenario, what, code(file), change, fails].map(cell).join(" | ")} |`;
}

function code(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  // A backtick inside needs two around, apart from it.
  return line.includes("`") ? `\`\` ${line} \`\`` : `\`${line}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
