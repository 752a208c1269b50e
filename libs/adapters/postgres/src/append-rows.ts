import type { LedgerRow, RowConflict } from "@holdfast/engine/ports/ledger";
import type pg from "pg";
import { bytesArray, dateArray, int4Array, int8Array } from "./binary-array.ts";
import { arraysOf, columnArrays, columnNames, plainBytes } from "./row-codec.ts";

/** What a batch did: how many of its rows are new, and the days of those that had been dropped. */
export interface Appended {
  readonly added: number;
  readonly late: readonly string[];
}

/**
 * One statement, so that it is one way to the server and one transaction. The counts come last in
 * it: every writer of a day waits for that one row, until the statement ends.
 */
const appendSql = `
  with added as (
    insert into holdfast.events (${columnNames})
    select * from unnest(${columnArrays})
    on conflict do nothing
    returning day, cluster_id, sequence, at_ms
  ), counted as (
    insert into holdfast.day_clusters as known
    select day, cluster_id, count(*), min(sequence), max(sequence), min(at_ms), max(at_ms)
    from added group by day, cluster_id order by day, cluster_id
    on conflict (day, cluster_id) do update set
      rows = known.rows + excluded.rows,
      first_sequence = least(known.first_sequence, excluded.first_sequence),
      last_sequence = greatest(known.last_sequence, excluded.last_sequence),
      first_at_ms = least(known.first_at_ms, excluded.first_at_ms),
      last_at_ms = greatest(known.last_at_ms, excluded.last_at_ms)
    returning day
  )
  select
    (select count(*) from added)::int as added,
    array(
      select distinct to_char(day, 'YYYY-MM-DD') from counted
      where day in (select day from holdfast.dropped_days) order by 1
    ) as late`;

/** Which of the given rows stand there with another hash. */
const conflictsSql = `
  select given.place::int as place, known.hash
  from unnest($1::int[], $2::bigint[], $3::int[], $4::date[], $5::bytea[])
    with ordinality as given (cluster_id, revision, idx, day, hash, place)
  join holdfast.events known using (cluster_id, revision, idx, day)
  where known.hash <> given.hash
  order by given.place`;

/**
 * In the order of their identity: two writers that had the same rows in two orders would wait for
 * each other. Of two rows with one identity the first stays the first.
 */
export function inWritingOrder(rows: readonly LedgerRow[]): LedgerRow[] {
  return [...rows].sort((left, right) => {
    if (left.cluster !== right.cluster) return left.cluster < right.cluster ? -1 : 1;
    if (left.revision !== right.revision) return left.revision < right.revision ? -1 : 1;
    return left.index - right.index;
  });
}

/** Appends at least one row, in writing order, all of whose days are open. */
export async function appendRows(
  client: pg.ClientBase,
  rows: readonly LedgerRow[],
  numbers: ReadonlyMap<string, number>,
): Promise<Appended> {
  const answer = await client.query<Appended>({
    name: "append",
    text: appendSql,
    values: arraysOf(rows, numbers),
  });
  return answer.rows[0] ?? { added: 0, late: [] };
}

/**
 * The conflicts of a batch that has been appended. Rows are never changed, so asking later is fine.
 */
export async function conflictsOf(
  client: pg.ClientBase,
  rows: readonly LedgerRow[],
  numbers: ReadonlyMap<string, number>,
): Promise<RowConflict[]> {
  const answer = await client.query<{ place: number; hash: Buffer }>({
    name: "conflicts",
    text: conflictsSql,
    values: [
      int4Array(rows.map((row) => numbers.get(row.cluster))),
      int8Array(rows.map((row) => row.revision)),
      int4Array(rows.map((row) => row.index)),
      dateArray(rows.map((row) => row.day)),
      bytesArray(rows.map((row) => row.hash)),
    ],
  });
  return answer.rows.flatMap(({ place, hash }) => {
    const row = rows[place - 1];
    if (row === undefined) return [];
    const { day, cluster, revision, index } = row;
    const identity = { day, cluster, revision, index };
    return [{ identity, storedHash: plainBytes(hash), givenHash: row.hash }];
  });
}
