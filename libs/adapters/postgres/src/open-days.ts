import type pg from "pg";
import { inTransaction } from "./connections.ts";
import { dayLock } from "./server-locks.ts";

/** The days that have a partition, each made when it is first needed or ahead of it. */
export class OpenDays {
  readonly #open = new Set<string>();

  /** Makes the partitions that are missing. Not within a transaction. */
  async open(client: pg.ClientBase, days: Iterable<string>): Promise<void> {
    const missing = [...new Set(days)].filter((day) => !this.#open.has(day)).sort();
    if (missing.length === 0) return;
    await inTransaction(client, () => holdOpen(client, missing));
    for (const day of missing) this.#open.add(day);
  }

  /** Forgets what it knows of: somebody may have dropped it. */
  forget(): void {
    this.#open.clear();
  }
}

/**
 * Makes the partitions that are missing. Within a transaction, and until its end nobody drops or
 * makes another.
 */
export async function holdOpen(client: pg.ClientBase, days: Iterable<string>): Promise<void> {
  await client.query("select pg_advisory_xact_lock($1)", [dayLock]);
  for (const day of days) await openDay(client, day);
}

/**
 * Deletes a day if it has as many rows as expected. Within a transaction; returns the rows it has,
 * undefined where it was not open.
 *
 * The parent table is locked first: whoever appends has it locked before a partition, and the other
 * way round the two would wait for each other. Behind the lock nobody is in the middle of a batch,
 * so the count is that of what is stored.
 */
export async function dropDay(
  client: pg.ClientBase,
  day: string,
  expected: number,
): Promise<number | undefined> {
  await client.query("select pg_advisory_xact_lock($1)", [dayLock]);
  await client.query("lock table only holdfast.events in access exclusive mode");
  const { rows } = await client.query<{ count: string }>(
    `select coalesce((select sum(c.rows) from holdfast.day_clusters c where c.day = o.day), 0) as count
     from holdfast.open_days o where o.day = $1`,
    [day],
  );
  const [found] = rows;
  if (found === undefined) return undefined;
  const count = Number(found.count);
  if (count !== expected) return count;
  await client.query(`drop table if exists ${partitionOf(day)}`);
  await client.query("delete from holdfast.day_clusters where day = $1", [day]);
  await client.query("delete from holdfast.open_days where day = $1", [day]);
  await client.query("insert into holdfast.dropped_days values ($1) on conflict do nothing", [day]);
  return count;
}

/**
 * Made apart and then attached: `create table ... partition of` would lock the whole of `events`
 * against readers and writers.
 */
async function openDay(client: pg.ClientBase, day: string): Promise<void> {
  const partition = partitionOf(day);
  const { rows } = await client.query<{ there: boolean }>(
    "select to_regclass($1) is not null as there",
    [partition],
  );
  if (rows[0]?.there !== true) {
    await client.query(`create table ${partition} (like holdfast.events including defaults)`);
    await client.query(
      `alter table holdfast.events attach partition ${partition}
       for values from ('${day}') to (date '${day}' + 1)`,
    );
  }
  await client.query("insert into holdfast.open_days values ($1) on conflict do nothing", [day]);
}

/** `day` is a day as isUtcDay has it: digits and dashes, fit to stand in a statement. */
function partitionOf(day: string): string {
  return `holdfast.events_${day.replaceAll("-", "")}`;
}
