import type { TimePlace } from "@holdfast/engine/ledger-cursor";
import type {
  ContendedQuery,
  GapsQuery,
  HeadReply,
  LedgerRow,
  LockBeforeQuery,
  TimelineQuery,
} from "@holdfast/engine/ports/ledger";
import { utcDay } from "@holdfast/engine/utc-day";
import type pg from "pg";
import type { NameNumbers } from "./name-numbers.ts";
import { numbersIn, rowOf, type StoredRow, storedColumns } from "./row-codec.ts";
import { lockHash, textHash } from "./text-hash.ts";

/** A question for rows; the name is that of the server's prepared statement. */
export interface RowsQuestion {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

/** A place in time order by the number of its cluster. Numbers begin at 1. */
export interface NumberedPlace extends Omit<TimePlace, "cluster"> {
  readonly clusterNumber: number;
}

/** Before all rows of one millisecond, and so behind all of the one before. */
export function startOf(atMs: number): NumberedPlace {
  return { atMs, clusterNumber: 0, revision: 0n, index: 0 };
}

const timeOrder = "at_ms, cluster_id, revision, idx";

/** Asks for one row more than the limit, to see whether there is one. */
export function timelineQuestion(query: TimelineQuery, behind: NumberedPlace): RowsQuestion {
  const { lock, fromMs, toMs, limit } = query;
  return {
    name: "timeline",
    // The days say which partitions; the hash and the place say where in their index.
    text: `
      select ${storedColumns} from holdfast.events
      where lock_hash = $1 and lock_namespace = $2 and lock_name = $3
        and lock_region_id = (select id from holdfast.names where name = $4)
        and day between $5 and $6 and at_ms <= $7
        and (${timeOrder}) > ($8::bigint, $9::int, $10::bigint, $11::int)
      order by ${timeOrder} limit $12`,
    values: [
      ...[lockHash(lock), lock.namespace, lock.name, lock.region],
      ...[utcDay(fromMs), utcDay(toMs), toMs, ...valuesOf(behind), limit + 1],
    ],
  };
}

/** Newest first; `behind` is excluded. */
export function lockBeforeQuestion(query: LockBeforeQuery, behind: NumberedPlace): RowsQuestion {
  const { lock, atMs, limit } = query;
  return {
    name: "before",
    text: `
      select ${storedColumns} from holdfast.events
      where lock_hash = $1 and lock_namespace = $2 and lock_name = $3
        and lock_region_id = (select id from holdfast.names where name = $4)
        and day <= $5
        and (${timeOrder}) < ($6::bigint, $7::int, $8::bigint, $9::int)
      order by at_ms desc, cluster_id desc, revision desc, idx desc limit $10`,
    values: [
      ...[lockHash(lock), lock.namespace, lock.name, lock.region],
      ...[utcDay(atMs), ...valuesOf(behind), limit + 1],
    ],
  };
}

/** All events of a session. */
export function sessionQuestion(
  session: string,
  behind: NumberedPlace,
  limit: number,
): RowsQuestion {
  return {
    name: "session",
    text: `
      select ${storedColumns} from holdfast.events
      where session_hash = $1 and session = $2
        and (${timeOrder}) > ($3::bigint, $4::int, $5::bigint, $6::int)
      order by ${timeOrder} limit $7`,
    values: [textHash(session), session, ...valuesOf(behind), limit + 1],
  };
}

/** `gapKind`: the number of the kind, as a constant, lest the planner overlook their index. */
export function gapsQuestion(
  gapKind: number,
  { fromMs, toMs, limit }: GapsQuery,
  behind: NumberedPlace,
): RowsQuestion {
  return {
    name: "gaps",
    text: `
      select ${storedColumns} from holdfast.events
      where kind_id = ${gapKind} and day between $1 and $2 and at_ms <= $3
        and (${timeOrder}) > ($4::bigint, $5::int, $6::bigint, $7::int)
      order by ${timeOrder} limit $8`,
    values: [utcDay(fromMs), utcDay(toMs), toMs, ...valuesOf(behind), limit + 1],
  };
}

/** Where in a chain to begin: an index of -1 is before the first. */
export interface ChainStart {
  readonly sequence: bigint;
  readonly revision: bigint;
  readonly index: number;
}

/** Rows of one cluster, of one day if there is one. */
export function chainQuestion(
  cluster: number,
  day: string | undefined,
  behind: ChainStart,
  limit: number,
): RowsQuestion {
  const { sequence, revision, index } = behind;
  const values = [cluster, sequence, revision, index, limit + 1];
  return {
    name: day === undefined ? "chain" : "chain of a day",
    text: `
      select ${storedColumns} from holdfast.events
      where cluster_id = $1 and (sequence, revision, idx) > ($2::bigint, $3::bigint, $4::int)
        ${day === undefined ? "" : "and day = $6"}
      order by sequence, revision, idx limit $5`,
    values: day === undefined ? values : [...values, day],
  };
}

/** The rows that answer a question. */
export async function rowsFor(
  client: pg.ClientBase,
  names: NameNumbers,
  question: RowsQuestion,
): Promise<LedgerRow[]> {
  const { rows } = await client.query<StoredRow>({ ...question, values: [...question.values] });
  const texts = await names.names(client, numbersIn(rows));
  return rows.map((row) => rowOf(row, texts));
}

/** The last row of a chain. */
export async function headRow(
  client: pg.ClientBase,
  names: NameNumbers,
  cluster: string,
): Promise<HeadReply> {
  const numbers = await names.find(client, new Set([cluster]));
  const [row] = await rowsFor(client, names, {
    name: "head",
    text: `
      select ${storedColumns} from holdfast.events where cluster_id = $1
      order by sequence desc, revision desc, idx desc limit 1`,
    values: [numbers.get(cluster) ?? 0],
  });
  return row === undefined ? { kind: "head" } : { kind: "head", row };
}

interface ContendedRow {
  readonly region: string;
  readonly namespace: string;
  readonly name: string;
  readonly waiters: number;
}

/** The locks for which most waiters queued. Answered from an index of the waiters alone. */
export async function contendedLocks(
  client: pg.ClientBase,
  { fromMs, toMs, limit }: ContendedQuery,
): Promise<{ lock: { region: string; namespace: string; name: string }; waiters: number }[]> {
  const { rows } = await client.query<ContendedRow>({
    name: "contended",
    text: `
      select n.name as region, w.lock_namespace as namespace, w.lock_name as name,
        count(*)::int as waiters
      from (
        select distinct lock_region_id, lock_namespace, lock_name, grant_id
        from holdfast.events
        where kind_id = 1 and lock_hash is not null and at_ms between $1 and $2
      ) w join holdfast.names n on n.id = w.lock_region_id
      group by n.name, w.lock_namespace, w.lock_name
      order by waiters desc, region, namespace, name limit $3`,
    values: [fromMs, toMs, limit],
  });
  return rows.map(({ region, namespace, name, waiters }) => ({
    lock: { region, namespace, name },
    waiters,
  }));
}

function valuesOf({ atMs, clusterNumber, revision, index }: NumberedPlace): unknown[] {
  return [atMs, clusterNumber, revision, index];
}
