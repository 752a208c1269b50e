import { int32Max } from "./ledger-limits.ts";
import { decodePageToken, encodePageToken } from "./page-token.ts";
import type { LedgerRow } from "./ports/ledger.ts";
import type { ArchivedPart, ParkedRecord, Violation } from "./ports/ledger-records.ts";
import { isUtcDay, lastMs } from "./utc-day.ts";

/** The questions whose answers come in pages: a cursor of one is none for another. */
export type CursorKind =
  | "timeline"
  | "before"
  | "session"
  | "gaps"
  | "chain"
  | "violations"
  | "parked"
  | "archived";

/** The place of a row in time order. */
export type TimePlace = Pick<LedgerRow, "atMs" | "cluster" | "revision" | "index">;

/** The place of a row in the chain of its cluster. */
export type ChainPlace = Pick<LedgerRow, "sequence" | "revision" | "index">;

/** The place of a violation among those found. */
export type ViolationPlace = Pick<Violation, "foundAtMs" | "id">;

/** The place of a parked record. */
export type ParkedPlace = Pick<ParkedRecord, "parkedAtMs" | "id">;

/** The place of an archived part. */
export type ArchivedPlace = Pick<ArchivedPart, "day" | "cluster" | "part">;

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
  if (atMs > lastMs || index > int32Max) return undefined;
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
  if (index > int32Max) return undefined;
  return { sequence, revision, index: Number(index) };
}

/** The cursor behind a violation, of which the latest found come first. */
export function violationCursor(place: ViolationPlace): string {
  return writeCursor("violations", [place.foundAtMs, place.id]);
}

/** Undefined where the cursor is not one of violations. */
export function readViolationCursor(cursor: string): ViolationPlace | undefined {
  const [foundAt = "", id] = readCursor("violations", cursor, 2) ?? [];
  const foundAtMs = Number(wholeNumber(foundAt) ?? Number.NaN);
  return id === undefined || !(foundAtMs <= lastMs) ? undefined : { foundAtMs, id };
}

/** The cursor behind a parked record, of which the earliest come first. */
export function parkedCursor(place: ParkedPlace): string {
  return writeCursor("parked", [place.parkedAtMs, place.id]);
}

/** Undefined where the cursor is not one of parked records. */
export function readParkedCursor(cursor: string): ParkedPlace | undefined {
  const [parkedAt = "", id] = readCursor("parked", cursor, 2) ?? [];
  const parkedAtMs = Number(wholeNumber(parkedAt) ?? Number.NaN);
  return id === undefined || !(parkedAtMs <= lastMs) ? undefined : { parkedAtMs, id };
}

/** The cursor behind an archived part. */
export function archivedCursor({ day, cluster, part }: ArchivedPlace): string {
  return writeCursor("archived", [day, cluster, part]);
}

/** Undefined where the cursor is not one of archived parts. */
export function readArchivedCursor(cursor: string): ArchivedPlace | undefined {
  const [day = "", cluster = "", number = ""] = readCursor("archived", cursor, 3) ?? [];
  const part = Number(wholeNumber(number) ?? Number.NaN);
  return isUtcDay(day) && part <= int32Max ? { day, cluster, part } : undefined;
}

/** The cursor behind something whose place is `parts`. */
function writeCursor(kind: CursorKind, parts: readonly (string | number | bigint)[]): string {
  return encodePageToken(kind, ...parts.map(String));
}

/** The `count` parts of a place; undefined where the cursor is not one of this kind of question. */
function readCursor(
  kind: CursorKind,
  cursor: string,
  count: number,
): readonly string[] | undefined {
  const [written, ...parts] = decodePageToken(cursor, count + 1) ?? [];
  return written === kind ? parts : undefined;
}

/** A whole number from 0 to 2^63 - 1 in decimal; undefined where it is none. */
function wholeNumber(text: string): bigint | undefined {
  if (!/^\d{1,19}$/.test(text)) return undefined;
  const value = BigInt(text);
  return value < 2n ** 63n ? value : undefined;
}
