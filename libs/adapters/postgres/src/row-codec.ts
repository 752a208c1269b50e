import type { LedgerRow } from "@holdfast/engine/ports/ledger";
import { bytesArray, dateArray, int4Array, int8Array, textArray } from "./binary-array.ts";
import { lineOf, storedLine } from "./stored-line.ts";
import { lockHash, textHash } from "./text-hash.ts";

/** The columns of `events` that a batch brings, with their types, in the order of its values. */
const columns: readonly (readonly [name: string, type: string])[] = [
  ["at_ms", "bigint"],
  ["revision", "bigint"],
  ["sequence", "bigint"],
  ["token", "bigint"],
  ["lock_hash", "bigint"],
  ["session_hash", "bigint"],
  ["day", "date"],
  ["cluster_id", "int"],
  ["idx", "int"],
  ["region_id", "int"],
  ["shard_id", "int"],
  ["kind_id", "int"],
  ["lock_region_id", "int"],
  ["lock_namespace", "text"],
  ["lock_name", "text"],
  ["grant_id", "text"],
  ["session", "text"],
  ["previous_hash", "bytea"],
  ["hash", "bytea"],
  ["line", "bytea"],
];

/** `a, b, c`. */
export const columnNames = columns.map(([name]) => name).join(", ");
/** `$1::bigint[], $2::text[]`. */
export const columnArrays = columns.map(([, type], index) => `$${index + 1}::${type}[]`).join(", ");

/** All names of a row that are stored by number; its cluster first, for clusters are in order. */
export function namesOf(rows: readonly LedgerRow[]): Set<string> {
  const names = new Set<string>();
  for (const { cluster, region, shard, kind, lock } of rows) {
    names.add(cluster).add(region).add(shard).add(kind);
    if (lock !== undefined) names.add(lock.region);
  }
  return names;
}

/** One array for each of the columns. */
export function arraysOf(
  rows: readonly LedgerRow[],
  numbers: ReadonlyMap<string, number>,
): Buffer[] {
  const numbersOf = (name: (row: LedgerRow) => string | undefined): Buffer =>
    int4Array(rows.map((row) => numbers.get(name(row) ?? "")));
  return [
    int8Array(rows.map((row) => BigInt(row.atMs))),
    int8Array(rows.map((row) => row.revision)),
    int8Array(rows.map((row) => row.sequence)),
    int8Array(rows.map((row) => row.token)),
    int8Array(rows.map((row) => row.lock && lockHash(row.lock))),
    int8Array(rows.map(({ session }) => (session === undefined ? undefined : textHash(session)))),
    dateArray(rows.map((row) => row.day)),
    numbersOf((row) => row.cluster),
    int4Array(rows.map((row) => row.index)),
    numbersOf((row) => row.region),
    numbersOf((row) => row.shard),
    numbersOf((row) => row.kind),
    numbersOf((row) => row.lock?.region),
    textArray(rows.map((row) => row.lock?.namespace)),
    textArray(rows.map((row) => row.lock?.name)),
    textArray(rows.map((row) => row.grantId)),
    textArray(rows.map((row) => row.session)),
    bytesArray(rows.map((row) => row.previousHash)),
    bytesArray(rows.map((row) => row.hash)),
    bytesArray(rows.map(storedLine)),
  ];
}

/** A row as the driver gives it: 64 bit numbers are text. */
export interface StoredRow {
  readonly at_ms: string;
  readonly revision: string;
  readonly sequence: string;
  readonly token: string | null;
  readonly day: string;
  readonly cluster_id: number;
  readonly idx: number;
  readonly region_id: number;
  readonly shard_id: number;
  readonly kind_id: number;
  readonly lock_region_id: number | null;
  readonly lock_namespace: string | null;
  readonly lock_name: string | null;
  readonly grant_id: string | null;
  readonly session: string | null;
  readonly previous_hash: Buffer;
  readonly hash: Buffer;
  /** Of which stored-line.ts knows what it stands for. */
  readonly line: Buffer;
}

/** What to select for a {@link StoredRow}; the form of a bare date is a setting of the server. */
export const storedColumns = columns
  .filter(([name]) => !name.endsWith("_hash") || name === "previous_hash")
  .map(([name]) => (name === "day" ? "to_char(day, 'YYYY-MM-DD') as day" : name))
  .join(", ");

/** All numbers of names in stored rows. */
export function numbersIn(rows: readonly StoredRow[]): Set<number> {
  const numbers = new Set<number>();
  for (const row of rows) {
    numbers.add(row.cluster_id).add(row.region_id).add(row.shard_id).add(row.kind_id);
    if (row.lock_region_id !== null) numbers.add(row.lock_region_id);
  }
  return numbers;
}

/** The row as it was appended. */
export function rowOf(row: StoredRow, names: ReadonlyMap<number, string>): LedgerRow {
  const { lock_region_id: region, lock_namespace: namespace, lock_name: name } = row;
  const lock =
    region === null || namespace === null || name === null
      ? {}
      : { lock: { region: names.get(region) ?? "", namespace, name } };
  const columns = {
    cluster: names.get(row.cluster_id) ?? "",
    revision: BigInt(row.revision),
    index: row.idx,
    atMs: Number(row.at_ms),
    region: names.get(row.region_id) ?? "",
    shard: names.get(row.shard_id) ?? "",
    kind: names.get(row.kind_id) ?? "",
    ...lock,
    ...(row.grant_id === null ? {} : { grantId: row.grant_id }),
    ...(row.token === null ? {} : { token: BigInt(row.token) }),
  };
  return {
    ...columns,
    day: row.day,
    sequence: BigInt(row.sequence),
    previousHash: plainBytes(row.previous_hash),
    hash: plainBytes(row.hash),
    ...(row.session === null ? {} : { session: row.session }),
    line: lineOf(columns, plainBytes(row.line)),
  };
}

/** The port speaks of bytes and not of the platform's own kind of them. */
export function plainBytes({ buffer, byteOffset, length }: Buffer): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length);
}
