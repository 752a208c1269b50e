import { utf8 } from "@holdfast/base/bytes";
import type { LockId } from "@holdfast/core/lock/lock-id";
import {
  batchBytesMax,
  batchRowsMax,
  type LedgerRow,
  lineBytesMax,
  type Paging,
  pageRowsMax,
  type Window,
} from "./ports/ledger.ts";
import {
  type ArchivedPart,
  type ParkedRecord,
  parkedBytes,
  parkedBytesMax,
  parkedRowsMax,
  type Violation,
} from "./ports/ledger-records.ts";
import { isUtcDay, lastMs, utcDay } from "./utc-day.ts";

/** The largest index of a row, and number of a part. */
export const int32Max = 2 ** 31 - 1;
const int64Max = 2n ** 63n - 1n;
const hashBytes = 32;
const nameCharsMax = 64;
const idBytesMax = 256;
const violationEventsMax = 16;

/** What is wrong with a batch by the port's contract; undefined: nothing. */
export function batchProblem(rows: readonly LedgerRow[]): string | undefined {
  if (rows.length > batchRowsMax) return `${rows.length} rows are more than ${batchRowsMax}`;
  let bytes = 0;
  for (const row of rows) {
    const problem = rowProblem(row);
    if (problem !== undefined) {
      return `row ${row.day}/${row.cluster}/${row.revision}/${row.index}: ${problem}`;
    }
    bytes += row.line.length;
  }
  return bytes > batchBytesMax
    ? `${bytes} bytes of lines are more than ${batchBytesMax}`
    : undefined;
}

/** What is wrong with one row by the port's contract; undefined: nothing. */
export function rowProblem(row: LedgerRow): string | undefined {
  if (!isTime(row.atMs)) return `atMs ${row.atMs} is no time`;
  if (utcDay(row.atMs) !== row.day) return `its time is of ${utcDay(row.atMs)}`;
  if (!isInt64(row.revision)) return "its revision is out of range";
  if (!isInt64(row.sequence)) return "its sequence is out of range";
  if (row.token !== undefined && !isInt64(row.token)) return "its token is out of range";
  if (!isCount(row.index) || row.index > int32Max) return "its index is out of range";
  if (row.hash.length !== hashBytes || row.previousHash.length !== hashBytes) {
    return "a hash has not 32 bytes";
  }
  if (row.line.length > lineBytesMax) return `a line of ${row.line.length} bytes`;
  return (
    nameProblem("cluster", row.cluster) ??
    nameProblem("region", row.region) ??
    nameProblem("shard", row.shard) ??
    nameProblem("kind", row.kind) ??
    textProblem("grant id", row.grantId, idBytesMax) ??
    textProblem("session", row.session, idBytesMax) ??
    (row.lock === undefined ? undefined : lockProblem(row.lock))
  );
}

/** What is wrong with a lock's id; undefined: nothing. */
export function lockProblem({ region, namespace, name }: LockId): string | undefined {
  return (
    nameProblem("the lock's region", region) ??
    textProblem("namespace", namespace, 256, 0) ??
    textProblem("name", name, 1_024, 0)
  );
}

/** What is wrong with how much is asked for; undefined: nothing. */
export function limitProblem(
  { limit }: Pick<Paging, "limit">,
  limitMax = pageRowsMax,
): string | undefined {
  const isFine = Number.isInteger(limit) && limit >= 1 && limit <= limitMax;
  return isFine ? undefined : `a limit of ${limit} is not from 1 to ${limitMax}`;
}

/** What is wrong with a window; undefined: nothing, though it may be empty. */
export function windowProblem({ fromMs, toMs }: Window): string | undefined {
  return isTime(fromMs) && isTime(toMs) ? undefined : `${fromMs} to ${toMs} is no window`;
}

/** What is wrong with days that were asked for; undefined: nothing. */
export function daysProblem(days: readonly (string | undefined)[]): string | undefined {
  const bad = days.find((day) => day !== undefined && !isUtcDay(day));
  return bad === undefined ? undefined : `${JSON.stringify(bad)} is no day`;
}

/** What is wrong with a violation; undefined: nothing. */
export function violationProblem(violation: Violation): string | undefined {
  const { id, rule, lock, atMs, foundAtMs, message, events } = violation;
  if (!isTime(atMs) || !isTime(foundAtMs)) return "a time is out of range";
  if (events.length > violationEventsMax) return `${events.length} events`;
  return (
    textProblem("id", id, idBytesMax) ??
    nameProblem("rule", rule) ??
    textProblem("message", message, 4_096, 0) ??
    (lock === undefined ? undefined : lockProblem(lock))
  );
}

/** What is wrong with records that are to be parked together; undefined: nothing. */
export function parkedProblem(records: readonly ParkedRecord[]): string | undefined {
  if (records.length > parkedRowsMax) return `${records.length} records`;
  let bytes = 0;
  for (const record of records) {
    const { id, topic, partition, offset, reason, message, parkedAtMs } = record;
    const size = parkedBytes(record);
    if (size > parkedBytesMax) return `a record of ${size} bytes`;
    bytes += size;
    if (!isTime(parkedAtMs)) return "its time is out of range";
    if (!isCount(partition) || partition > int32Max) return "its partition is out of range";
    if (!isInt64(offset)) return "its offset is out of range";
    const problem =
      textProblem("id", id, idBytesMax) ??
      textProblem("topic", topic, idBytesMax) ??
      nameProblem("reason", reason) ??
      textProblem("message", message, 4_096, 0);
    if (problem !== undefined) return problem;
  }
  return bytes > batchBytesMax ? `${bytes} bytes are more than ${batchBytesMax}` : undefined;
}

/** What is wrong with the record of an archived object; undefined: nothing. */
export function archivedProblem(part: ArchivedPart): string | undefined {
  const counts = [part.part, part.bytes, part.rows];
  if (!counts.every(isCount) || part.part > int32Max) return "a count is out of range";
  if (![part.firstSequence, part.lastSequence].every(isInt64)) return "a sequence is out of range";
  if (!isTime(part.archivedAtMs)) return "its time is out of range";
  const hashes = [part.sha256, part.firstHash, part.lastHash];
  if (hashes.some((hash) => hash.length !== hashBytes)) return "a hash has not 32 bytes";
  return (
    daysProblem([part.day]) ??
    nameProblem("cluster", part.cluster) ??
    textProblem("bucket", part.bucket, 1_024) ??
    textProblem("key", part.key, 1_024)
  );
}

function isTime(atMs: number): boolean {
  return Number.isInteger(atMs) && atMs >= 0 && atMs <= lastMs;
}

function isInt64(value: bigint): boolean {
  return value >= 0n && value <= int64Max;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function nameProblem(what: string, name: string): string | undefined {
  if (name.length >= 1 && name.length <= nameCharsMax && isStorable(name)) return undefined;
  return `${what} ${JSON.stringify(name.slice(0, nameCharsMax))} cannot be stored`;
}

function textProblem(
  what: string,
  text: string | undefined,
  bytesMax: number,
  bytesMin = 1,
): string | undefined {
  if (text === undefined) return undefined;
  // No character of UTF-16 has more than three bytes of UTF-8: most texts need not be encoded.
  const isShort = text.length * 3 <= bytesMax || utf8(text).length <= bytesMax;
  if (isShort && text.length >= bytesMin && isStorable(text)) return undefined;
  return `${what} ${JSON.stringify(text.slice(0, nameCharsMax))} cannot be stored`;
}

/** A database's text takes neither, and the second would come back as another text. */
function isStorable(text: string): boolean {
  return !text.includes("\0") && text.isWellFormed();
}
