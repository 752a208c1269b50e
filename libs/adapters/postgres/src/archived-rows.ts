import type { ArchivedPlace } from "@holdfast/engine/ledger-cursor";
import type { ArchivedQuery } from "@holdfast/engine/ports/ledger";
import { type ArchivedPart, isSamePart } from "@holdfast/engine/ports/ledger-records";
import type pg from "pg";
import { plainBytes } from "./row-codec.ts";

interface ArchivedRow {
  readonly day: string;
  readonly cluster: string;
  readonly part: number;
  readonly bucket: string;
  readonly key: string;
  readonly bytes: string;
  readonly sha256: Buffer;
  readonly rows: string;
  readonly first_sequence: string;
  readonly first_hash: Buffer;
  readonly last_sequence: string;
  readonly last_hash: Buffer;
  readonly archived_at_ms: string;
}

const columns = `to_char(day, 'YYYY-MM-DD') as day, cluster, part, bucket, key, bytes, sha256, rows,
  first_sequence, first_hash, last_sequence, last_hash, archived_at_ms`;

/** Adds the part if none stands in its place. */
export async function insertArchived(client: pg.ClientBase, part: ArchivedPart): Promise<void> {
  await client.query({
    text: `insert into holdfast.archived_parts
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) on conflict do nothing`,
    values: [
      ...[part.day, part.cluster, part.part, part.bucket, part.key, part.bytes],
      ...[Buffer.from(part.sha256), part.rows, part.firstSequence, Buffer.from(part.firstHash)],
      ...[part.lastSequence, Buffer.from(part.lastHash), part.archivedAtMs],
    ],
  });
}

/** Whether the part stands there; false: another one does. */
export async function standsThere(client: pg.ClientBase, part: ArchivedPart): Promise<boolean> {
  const { rows } = await client.query<ArchivedRow>({
    text: `select ${columns} from holdfast.archived_parts
      where day = $1 and cluster = $2 and part = $3`,
    values: [part.day, part.cluster, part.part],
  });
  const [stored] = rows;
  return stored !== undefined && isSamePart(partOf(stored), part);
}

/** By day, cluster and part; one more than the limit. */
export async function selectArchived(
  client: pg.ClientBase,
  { fromDay = "0001-01-01", toDay = "9999-12-31", cluster, limit }: ArchivedQuery,
  behind: ArchivedPlace | undefined,
): Promise<ArchivedPart[]> {
  const { day = "0001-01-01", cluster: last = "", part = 0 } = behind ?? {};
  const { rows } = await client.query<ArchivedRow>({
    text: `
      select ${columns} from holdfast.archived_parts p
      where p.day between $1 and $2 and ($3::text is null or p.cluster = $3)
        and (p.day, p.cluster, p.part) > ($4::date, $5, $6::int)
      order by p.day, p.cluster, p.part limit $7`,
    values: [fromDay, toDay, cluster, day, last, part, limit + 1],
  });
  return rows.map(partOf);
}

function partOf(row: ArchivedRow): ArchivedPart {
  return {
    day: row.day,
    cluster: row.cluster,
    part: row.part,
    bucket: row.bucket,
    key: row.key,
    bytes: Number(row.bytes),
    sha256: plainBytes(row.sha256),
    rows: Number(row.rows),
    firstSequence: BigInt(row.first_sequence),
    firstHash: plainBytes(row.first_hash),
    lastSequence: BigInt(row.last_sequence),
    lastHash: plainBytes(row.last_hash),
    archivedAtMs: Number(row.archived_at_ms),
  };
}
