import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findTool } from "@holdfast/toolchain/find-tool";
import { startPostgres as startServer } from "@holdfast/toolchain/postgres-process";
import pg from "pg";

/** A Postgres of the suite's own; the data is not worth an fsync. */
export interface PostgresUnderTest extends AsyncDisposable {
  readonly pid: number;
  /** The address of a new, empty database. */
  newDatabase(options?: string): Promise<string>;
}

const found = await findTool("postgres");

/** Why there is no Postgres to test against; undefined if there is one. */
export const postgresMissing = found.kind === "found" ? undefined : found.reason;
if (postgresMissing !== undefined)
  console.warn(`skipped, for want of Postgres: ${postgresMissing}`);

/** No secret: the server listens on loopback, and lives as long as the suite. */
const password = "contract";

/** Starts a server with one user, who has a password. */
export async function startPostgres(): Promise<PostgresUnderTest> {
  if (found.kind !== "found") throw new Error(found.reason);
  const folder = mkdtempSync(join(tmpdir(), "holdfast-contract-"));
  const { port, user, process } = await startServer({
    binary: found.path,
    dataDir: join(folder, "postgres"),
    password,
    settings: { fsync: "off" },
  });
  const urlOf = (database: string) =>
    `postgres://${user}:${password}@127.0.0.1:${port}/${database}`;
  let databases = 0;
  return {
    get pid() {
      if (process.pid === undefined) throw new Error("Postgres does not run");
      return process.pid;
    },
    newDatabase: async (options = "") => {
      databases += 1;
      await execute(urlOf("postgres"), `create database d${databases} ${options}`);
      return urlOf(`d${databases}`);
    },
    [Symbol.asyncDispose]: async () => {
      await process.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Runs statements on a connection of their own; the rows of the last one. */
export async function execute(
  url: string,
  ...statements: readonly (string | pg.QueryConfig)[]
): Promise<pg.QueryResult["rows"]> {
  const client = new pg.Client({ connectionString: url });
  try {
    await client.connect();
    let rows: pg.QueryResult["rows"] = [];
    for (const statement of statements) ({ rows } = await client.query(statement));
    return rows;
  } finally {
    await client.end();
  }
}
