import pg from "pg";

/** What events take in a ledger, in bytes. */
export interface EventBytes {
  readonly rows: number;
  readonly indexes: number;
  /** Of the rows: the events as they were chained. */
  readonly lines: number;
}

/** What the benchmark sees of a ledger's database, on a connection of its own. */
export class LedgerView {
  readonly #client: pg.Client;

  private constructor(client: pg.Client) {
    this.#client = client;
  }

  static async open(url: string): Promise<LedgerView> {
    const client = new pg.Client({ connectionString: url });
    // Whoever ends the server hears of it with the next question.
    client.on("error", () => {});
    await client.connect();
    return new LedgerView(client);
  }

  /** How many events it has: one look at a few counters, not at the rows. */
  rowCount(): Promise<number> {
    return this.#number("select coalesce(sum(rows), 0) as value from holdfast.day_clusters");
  }

  /**
   * The highest number in the chain: as many events as there are rows, if none is missing and none
   * there twice.
   */
  lastSequence(): Promise<number> {
    return this.#number(
      "select coalesce(max(last_sequence), 0) as value from holdfast.day_clusters",
    );
  }

  /** What the events take on disk, in bytes. */
  async eventBytes(): Promise<EventBytes> {
    const { rows } = await this.#client.query<{ rows: string; indexes: string; lines: string }>(`
      select
        coalesce(sum(pg_table_size(inhrelid)), 0) as rows,
        coalesce(sum(pg_indexes_size(inhrelid)), 0) as indexes,
        (select coalesce(sum(length(line)), 0) from holdfast.events) as lines
      from pg_inherits where inhparent = 'holdfast.events'::regclass`);
    const [sizes] = rows;
    return {
      rows: Number(sizes?.rows),
      indexes: Number(sizes?.indexes),
      lines: Number(sizes?.lines),
    };
  }

  /**
   * When each grant of a lock whose name begins so was committed to the database, by grant id; in
   * milliseconds since 1970, by the server's clock, which is this machine's. The server must run
   * with `track_commit_timestamp`.
   */
  async grantsCommittedMs(namePrefix: string): Promise<ReadonlyMap<string, number>> {
    const { rows } = await this.#client.query<{ grant_id: string; committed_ms: string }>({
      text: `
        select grant_id, extract(epoch from pg_xact_commit_timestamp(xmin)) * 1000 as committed_ms
        from holdfast.events
        where kind_id = (select id from holdfast.names where name = 'LockAcquired')
          and starts_with(lock_name, $1)`,
      values: [namePrefix],
    });
    return new Map(rows.map((row) => [row.grant_id, Number(row.committed_ms)]));
  }

  /** Runs a statement. */
  async execute(statement: string): Promise<void> {
    await this.#client.query(statement);
  }

  close(): Promise<void> {
    return this.#client.end();
  }

  async #number(text: string): Promise<number> {
    const { rows } = await this.#client.query<{ value: string }>(text);
    return Number(rows[0]?.value);
  }
}
