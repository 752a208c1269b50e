/** Tokens, epochs and revisions do not fit a JSON number, so every bigint becomes a string. */
function replacer(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}

/** One document, indented for people and just as good for programs. */
export function renderJson(value: unknown): string {
  return `${JSON.stringify(value, replacer, 2)}\n`;
}

/** One line of JSON Lines. */
export function renderJsonLine(value: unknown): string {
  return `${JSON.stringify(value, replacer)}\n`;
}
