import type { CacheEntry } from "@holdfast/engine/ports/cache";

/** Digits of a revision: all of its 64 bits. */
const revisionDigits = 20;

/** What stands before the value: the revision and whether there is a value. */
export const headBytes = revisionDigits + 1;

/**
 * The revision in decimal, always as long, then `1` for a value or `0` for a mark, then the value.
 * So the head of the entry that is to stay is the greater text, and the script in Redis, whose
 * numbers have but 53 bits, compares nothing else.
 */
export function encodeEntry({ revision, value }: CacheEntry): Buffer {
  const digits = revision.toString().padStart(revisionDigits, "0");
  const head = Buffer.from(`${digits}${value === undefined ? 0 : 1}`, "latin1");
  return value === undefined ? head : Buffer.concat([head, value]);
}

/** Undefined where the bytes are none of ours. */
export function decodeEntry(bytes: Uint8Array): CacheEntry | undefined {
  const head = Buffer.from(bytes.subarray(0, headBytes)).toString("latin1");
  if (!/^\d{20}[01]$/.test(head)) return undefined;
  const revision = BigInt(head.slice(0, revisionDigits));
  if (revision >= 1n << 64n) return undefined;
  if (head.endsWith("1")) return { revision, value: bytes.subarray(headBytes) };
  return bytes.length === headBytes ? { revision } : undefined;
}
