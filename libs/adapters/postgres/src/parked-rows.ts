import type { ParkedPlace } from "@holdfast/engine/ledger-cursor";
import type { ParkedRecord } from "@holdfast/engine/ports/ledger-records";
import type pg from "pg";
import { bytesArray, int4Array, int8Array, textArray } from "./binary-array.ts";
import { plainBytes } from "./row-codec.ts";

interface ParkedRow {
  readonly id: string;
  readonly topic: string;
  readonly record_partition: number;
  readonly record_offset: string;
  readonly reason: string;
  readonly message: string;
  readonly parked_at_ms: string;
  readonly record_key: Buffer;
  readonly record_value: Buffer;
  readonly record_headers: string;
}

const insertSql = `
  insert into holdfast.parked_records
  select * from unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::text[], $6::text[],
    $7::bigint[], $8::bytea[], $9::bytea[], $10::text[])
  on conflict do nothing`;

/** Adds those that are not there yet, all or none. */
export async function insertParked(
  client: pg.ClientBase,
  records: readonly ParkedRecord[],
): Promise<void> {
  // In one order, lest two who park the same records wait for each other.
  const ordered = [...records].sort((left, right) => (left.id < right.id ? -1 : 1));
  await client.query({
    name: "park",
    text: insertSql,
    values: [
      textArray(ordered.map(({ id }) => id)),
      textArray(ordered.map(({ topic }) => topic)),
      int4Array(ordered.map(({ partition }) => partition)),
      int8Array(ordered.map(({ offset }) => offset)),
      textArray(ordered.map(({ reason }) => reason)),
      textArray(ordered.map(({ message }) => message)),
      int8Array(ordered.map(({ parkedAtMs }) => BigInt(parkedAtMs))),
      bytesArray(ordered.map(({ key }) => key)),
      bytesArray(ordered.map(({ value }) => value)),
      // As JSON, for a header may hold what no text of a database takes.
      textArray(ordered.map(({ headers }) => JSON.stringify(headers))),
    ],
  });
}

/** Earliest parked first; one more than the limit. */
export async function selectParked(
  client: pg.ClientBase,
  limit: number,
  behind: ParkedPlace | undefined,
): Promise<ParkedRecord[]> {
  const { rows } = await client.query<ParkedRow>({
    text: `
      select * from holdfast.parked_records
      where (parked_at_ms, id) > ($1::bigint, $2)
      order by parked_at_ms, id limit $3`,
    values: [behind?.parkedAtMs ?? -1, behind?.id ?? "", limit + 1],
  });
  return rows.map((row) => ({
    id: row.id,
    topic: row.topic,
    partition: row.record_partition,
    offset: BigInt(row.record_offset),
    reason: row.reason,
    message: row.message,
    parkedAtMs: Number(row.parked_at_ms),
    key: plainBytes(row.record_key),
    value: plainBytes(row.record_value),
    headers: JSON.parse(row.record_headers) as Record<string, string>,
  }));
}
