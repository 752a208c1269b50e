/**
 * Tokens, epochs and revisions do not fit a JSON number, so every bigint becomes a string. Times
 * lose the digits that mean nothing; what a lock is still good for is never rounded up.
 */
function replacer(key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "number" || Number.isInteger(value)) return value;
  return key === "validForMs" ? Math.floor(value) : Math.round(value * 1_000) / 1_000;
}

/** One document, indented for people and just as good for programs. */
export function renderJson(value: unknown): string {
  return `${JSON.stringify(value, replacer, 2)}\n`;
}

/** One line of JSON Lines. */
export function renderJsonLine(value: unknown): string {
  return `${JSON.stringify(value, replacer)}\n`;
}
