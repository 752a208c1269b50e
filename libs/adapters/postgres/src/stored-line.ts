import { compareBytes, pooledUtf8 } from "@holdfast/base/bytes";
import { printLock } from "@holdfast/core/lock/lock-id";
import type { LedgerRow } from "@holdfast/engine/ports/ledger";

/** The columns that a line begins with. */
export type HeadColumns = Pick<
  LedgerRow,
  "kind" | "cluster" | "revision" | "index" | "atMs" | "region" | "shard"
> &
  Partial<Pick<LedgerRow, "lock" | "grantId" | "token">>;

/** An event's line is a JSON object, and begins so. */
const objectStart = 0x7b;
/** What is stored of a line that is neither an object nor without its head begins so. */
const whole = 0x00;

/**
 * What is stored of a row's line. Two thirds of an event's line say once more what stands in the
 * columns: where it begins with them, letter for letter, it is stored without them. Any other line
 * is stored whole, so a line of any version comes back as it was. A line that was stored whole by
 * an earlier version is one here as well.
 */
export function storedLine(row: HeadColumns & Pick<LedgerRow, "line">): Uint8Array {
  const { line } = row;
  const head = pooledUtf8(headOf(row));
  if (startsWith(line, head)) return line.subarray(head.length);
  if (line[0] === objectStart) return line;
  const marked = new Uint8Array(1 + line.length);
  marked[0] = whole;
  marked.set(line, 1);
  return marked;
}

/** The line that is stored so beside these columns. */
export function lineOf(row: HeadColumns, stored: Uint8Array): Uint8Array {
  if (stored[0] === objectStart) return stored;
  if (stored[0] === whole) return stored.subarray(1);
  const head = pooledUtf8(headOf(row));
  const line = new Uint8Array(head.length + stored.length);
  line.set(head);
  line.set(stored, head.length);
  return line;
}

/** A tail begins behind the last of these values: with a comma, or the object's end. */
function headOf(row: HeadColumns): string {
  const { lock, grantId, token } = row;
  const lockText = lock === undefined ? "" : `,"lock":${JSON.stringify(printLock(lock))}`;
  const grantText = grantId === undefined ? "" : `,"grantId":${JSON.stringify(grantId)}`;
  const tokenText = token === undefined ? "" : `,"token":"${token}"`;
  return (
    `{"v":1,"kind":${JSON.stringify(row.kind)},"cluster":${JSON.stringify(row.cluster)}` +
    `,"revision":"${row.revision}","index":${row.index},"atMs":${row.atMs}` +
    `,"region":${JSON.stringify(row.region)},"shard":${JSON.stringify(row.shard)}` +
    `${lockText}${grantText}${tokenText}`
  );
}

/** And goes on in a way that tells a tail from what is stored whole. */
function startsWith(line: Uint8Array, head: Uint8Array): boolean {
  const next = line[head.length];
  if (next === undefined || next === objectStart || next === whole) return false;
  return compareBytes(line.subarray(0, head.length), head) === 0;
}
