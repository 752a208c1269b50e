import type { NotDone } from "@holdfast/engine/ports/ledger";
import pg from "pg";
import { connectFailure, lookFailure, readFailure, writeFailure } from "./failure.ts";

/** How long things may take, in milliseconds, and how many connections there may be. */
export interface ConnectionLimits {
  /** For a connection, and for one that is free; 5,000 if absent. */
  readonly connectMs?: number;
  /** After this long the server gives a statement up; 10,000 if absent. */
  readonly statementMs?: number;
  /** 1 or more; 4 if absent. */
  readonly connectionsMax?: number;
}

/** A server that hangs does not give anything up: so much later, we do. */
const graceMs = 5_000;
/** How long a change of the tables waits for those who use them. */
const lockMs = 2_000;

/** What came of some work on a connection. */
export type Worked<Value> = { readonly kind: "done"; readonly value: Value } | NotDone;

/** A change with what goes before and after it, all on one connection. */
export interface Change<Ready, Made, Told> {
  /** Whatever has to be known or there first. If it fails, nothing was changed. */
  readonly prepare: (client: pg.ClientBase) => Promise<Ready>;
  /** One statement, or one transaction. */
  readonly make: (client: pg.ClientBase, ready: Ready) => Promise<Made>;
  /** Questions about what was made, which stands if they fail. */
  readonly look: (client: pg.ClientBase, made: Made, ready: Ready) => Promise<Told>;
}

/** Connections to one database. */
export class Connections {
  readonly #url: string;
  readonly #pool: pg.Pool;
  /** A pool that is ended twice says that this is a mistake. */
  #closing: Promise<void> | undefined;

  /** `onConnect`: whatever was known of the database may be another's now. */
  constructor(url: string, limits: ConnectionLimits, onConnect: () => void) {
    const { connectMs = 5_000, statementMs = 10_000, connectionsMax = 4 } = limits;
    this.#url = url;
    this.#pool = new pg.Pool({
      connectionString: url,
      max: connectionsMax,
      connectionTimeoutMillis: connectMs,
      statement_timeout: statementMs,
      query_timeout: statementMs + graceMs,
      lock_timeout: lockMs,
      keepAlive: true,
      application_name: "holdfast",
      // Every question wants the first rows in an order that an index has. Before the statistics
      // know a day, the planner would rather gather all of a lock's rows and sort them.
      options: "-c enable_bitmapscan=off",
    });
    // Without a listener the loss of a connection would end the process. Who uses it hears of it
    // by the query that fails.
    this.#pool.on("error", () => {});
    this.#pool.on("connect", (client) => {
      client.on("error", () => {});
      onConnect();
    });
  }

  /** Work that changes nothing by which anybody is told what became of it. */
  read<Value>(work: (client: pg.ClientBase) => Promise<Value>): Promise<Worked<Value>> {
    return this.#work(work, readFailure);
  }

  /** One statement that changes something; whatever comes before it must be harmless. */
  write<Value>(work: (client: pg.ClientBase) => Promise<Value>): Promise<Worked<Value>> {
    return this.#work(work, writeFailure);
  }

  /** What an error means depends on how far the change had come. */
  change<Ready, Made, Told>(steps: Change<Ready, Made, Told>): Promise<Worked<Told>> {
    let failed = readFailure;
    return this.#work(
      async (client) => {
        const ready = await steps.prepare(client);
        failed = writeFailure;
        const made = await steps.make(client, ready);
        failed = lookFailure;
        return steps.look(client, made, ready);
      },
      (error) => failed(error),
    );
  }

  /** All of it or nothing. */
  transaction<Value>(work: (client: pg.ClientBase) => Promise<Value>): Promise<Worked<Value>> {
    return this.#work((client) => inTransaction(client, work), writeFailure);
  }

  /** Ends all connections once they are free. Any number of times. */
  close(): Promise<void> {
    this.#closing ??= this.#pool.end();
    return this.#closing;
  }

  async #work<Value>(
    work: (client: pg.ClientBase) => Promise<Value>,
    failed: (error: unknown) => NotDone,
  ): Promise<Worked<Value>> {
    let client: pg.PoolClient;
    try {
      client = await this.#pool.connect();
    } catch (error) {
      return connectFailure(error, this.#url);
    }
    try {
      const value = await work(client);
      client.release();
      return { kind: "done", value };
    } catch (error) {
      // In whatever state it is, nobody else is to get it.
      client.release(true);
      return failed(error);
    }
  }
}

/** Runs `work` in a transaction; after an error the connection is good for nothing. */
export async function inTransaction<Value>(
  client: pg.ClientBase,
  work: (client: pg.ClientBase) => Promise<Value>,
): Promise<Value> {
  await client.query("begin");
  const value = await work(client);
  await client.query("commit");
  return value;
}
