import { exitCodeTable } from "../exit-codes.ts";

/** The exit codes as a section of a help text. */
export function exitCodeHelp(): string {
  const width = Math.max(...exitCodeTable.map((row) => row.code.length));
  const lines = exitCodeTable.map((row) => `  ${row.code.padEnd(width)}  ${row.meaning}`);
  return `\nExit codes:\n${lines.join("\n")}\n`;
}

/** Examples as a section of a help text. */
export function examplesHelp(examples: readonly string[]): string {
  return `\nExamples:\n${examples.map((example) => `  ${example}`).join("\n")}`;
}
