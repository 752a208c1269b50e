import { decodePageToken, encodePageToken } from "./page-token.ts";
import type { LedgerRow } from "./ports/ledger.ts";

/** The questions whose answers come in pages: a cursor of one is none for another. */
export type CursorKind = "timeline" | "before" | "session" | "chain" | "violations" | "archived";

/** The place of a row in time order. */
export type TimePlace = Pick<LedgerRow, "atMs" | "cluster" | "revision" | "index">;

/** The place of a row in the chain of its cluster. */
export type ChainPlace = Pick<LedgerRow, "sequence" | "revision" | "index">;

/** The cursor behind a row in time order. */
export function timeCursor(kind: CursorKind, place: TimePlace): string {
  return writeCursor(kind, [place.cluster, place.atMs, place.revision, place.index]);
}

/** Undefined where the cursor is not one of this kind of question. */
export function readTimeCursor(kind: CursorKind, cursor: string): TimePlace | undefined {
  const [cluster, ...numbers] = readCursor(kind, cursor, 4) ?? [];
  const [atMs, revision, index] = numbers.map(wholeNumber);
  if (cluster === undefined || atMs === undefined) return undefined;
  if (revision === undefined || index === undefined) return undefined;
  return { cluster, atMs: Number(atMs), revision, index: Number(index) };
}

/** The cursor behind a row in its chain. */
export function chainCursor(place: ChainPlace): string {
  return writeCursor("chain", [place.sequence, place.revision, place.index]);
}

/** Undefined where the cursor is not one of a chain. */
export function readChainCursor(cursor: string): ChainPlace | undefined {
  const [sequence, revision, index] = (readCursor("chain", cursor, 3) ?? []).map(wholeNumber);
  if (sequence === undefined || revision === undefined || index === undefined) return undefined;
  return { sequence, revision, index: Number(index) };
}

/** The cursor behind something whose place is `parts`. */
export function writeCursor(
  kind: CursorKind,
  parts: readonly (string | number | bigint)[],
): string {
  return encodePageToken(kind, ...parts.map(String));
}

/** The `count` parts of a place; undefined where the cursor is not one of this kind of question. */
export function readCursor(
  kind: CursorKind,
  cursor: string,
  count: number,
): readonly string[] | undefined {
  const [written, ...parts] = decodePageToken(cursor, count + 1) ?? [];
  return written === kind ? parts : undefined;
}

/** A whole number from 0 to 2^63 - 1 in decimal; undefined where it is none. */
export function wholeNumber(text: string): bigint | undefined {
  if (!/^\d{1,19}$/.test(text)) return undefined;
  const value = BigInt(text);
  return value < 2n ** 63n ? value : undefined;
}
