import { limits } from "@holdfast/core/limits";
import { usageError } from "../cli-error.ts";

/** `k=v` pairs of a repeated option; the value may contain `=`, and be empty. */
export function parseMetadata(pairs: readonly string[]): Record<string, string> {
  const metadata = new Map<string, string>();
  let bytes = 0;
  for (const pair of pairs) {
    const equals = pair.indexOf("=");
    const key = pair.slice(0, equals);
    if (equals < 1) {
      throw usageError(
        `--metadata ${JSON.stringify(pair)} is not key=value.`,
        "Write it as --metadata by=alice.",
      );
    }
    if (metadata.has(key)) throw usageError(`--metadata names ${JSON.stringify(key)} twice.`);
    metadata.set(key, pair.slice(equals + 1));
    bytes += Buffer.byteLength(pair) - 1;
  }
  if (bytes > limits.metadataBytesMax) {
    throw usageError(
      `--metadata has ${bytes} bytes in all; ${limits.metadataBytesMax} are allowed.`,
    );
  }
  return Object.fromEntries(metadata);
}
