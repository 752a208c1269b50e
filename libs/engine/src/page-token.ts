/** Where a page ended, as text that means nothing to who passes it back. */
export function encodePageToken(...parts: readonly string[]): string {
  return Buffer.from(JSON.stringify(parts)).toString("base64url");
}

/** The `count` parts of a token; undefined where it is not one that was given out. */
export function decodePageToken(token: string, count: number): readonly string[] | undefined {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(token, "base64url").toString());
  } catch {
    return undefined;
  }
  const isToken = Array.isArray(parts) && parts.length === count && parts.every(isText);
  return isToken ? (parts as string[]) : undefined;
}

function isText(part: unknown): boolean {
  return typeof part === "string";
}
