import { decodePageToken, encodePageToken } from "../page-token.ts";

/** Most chains that one tail follows: a shard that is set up anew has another one. */
export const tailChainsMax = 256;

const numberPattern = /^\d{1,19}$/;
/** The numbers of records end before it. */
const sequenceEnd = 2n ** 63n;

/** Where a tail is: of each chain, the number of the record that it tells next. */
export function encodeTailCursor(next: Iterable<readonly [cluster: string, next: bigint]>): string {
  const places = [...next].map(([cluster, sequence]) => [cluster, sequence.toString()]);
  return encodePageToken("tail", JSON.stringify(places));
}

/** Undefined where the text is no cursor of a tail. */
export function decodeTailCursor(cursor: string): ReadonlyMap<string, bigint> | undefined {
  const [kind, places] = decodePageToken(cursor, 2) ?? [];
  if (kind !== "tail" || places === undefined) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(places);
  } catch {
    return undefined;
  }
  if (!Array.isArray(parsed) || parsed.length > tailChainsMax) return undefined;
  const next = new Map<string, bigint>();
  for (const place of parsed) {
    const [cluster, text] = Array.isArray(place) ? place : [];
    if (typeof cluster !== "string" || typeof text !== "string") return undefined;
    const sequence = numberPattern.test(text) ? BigInt(text) : sequenceEnd;
    if (sequence >= sequenceEnd) return undefined;
    next.set(cluster, sequence);
  }
  return next;
}
