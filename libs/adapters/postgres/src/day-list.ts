import type { ClusterOfDay, DaysQuery, LedgerDay } from "@holdfast/engine/ports/ledger";
import type pg from "pg";

interface DayRow {
  readonly day: string;
  readonly was_dropped: boolean;
  /** Null where nothing was appended to the day; then so is all below. */
  readonly cluster: string | null;
  readonly rows: string;
  readonly first_sequence: string;
  readonly last_sequence: string;
  readonly first_at_ms: string;
  readonly last_at_ms: string;
}

/** The open days with what was appended to each. */
export async function listDays(
  client: pg.ClientBase,
  { fromDay = "0001-01-01", toDay = "9999-12-31", limit }: DaysQuery,
): Promise<LedgerDay[]> {
  const { rows } = await client.query<DayRow>({
    name: "days",
    text: `
      select to_char(o.day, 'YYYY-MM-DD') as day, d.day is not null as was_dropped,
        n.name as cluster, c.rows, c.first_sequence, c.last_sequence, c.first_at_ms, c.last_at_ms
      from (
        select day from holdfast.open_days where day between $1 and $2 order by day limit $3
      ) o
      left join holdfast.dropped_days d on d.day = o.day
      left join holdfast.day_clusters c on c.day = o.day
      left join holdfast.names n on n.id = c.cluster_id
      order by o.day, n.name`,
    values: [fromDay, toDay, limit],
  });
  const days = new Map<string, { day: string; wasDropped: boolean; clusters: ClusterOfDay[] }>();
  for (const row of rows) {
    const day = days.get(row.day) ?? { day: row.day, wasDropped: row.was_dropped, clusters: [] };
    days.set(row.day, day);
    if (row.cluster === null) continue;
    day.clusters.push({
      cluster: row.cluster,
      rows: Number(row.rows),
      firstSequence: BigInt(row.first_sequence),
      lastSequence: BigInt(row.last_sequence),
      firstAtMs: Number(row.first_at_ms),
      lastAtMs: Number(row.last_at_ms),
    });
  }
  return [...days.values()];
}
