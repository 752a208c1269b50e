import pg from "pg";
import type { ConnectionLimits } from "./connections.ts";
import { connectFailure } from "./failure.ts";
import { PostgresLedger } from "./postgres-ledger.ts";
import { migrate, type SchemaProblem, schemaProblem, serverProblem } from "./schema.ts";

/** Longest time that the schema may take, waiting for another who is at it included. */
const schemaMs = 300_000;
const connectDefaultMs = 5_000;

/** Which database, and what may be done to it. */
export interface LedgerOptions extends ConnectionLimits {
  /** `postgres://user:password@host:port/database`; never told in any message. */
  readonly url: string;
  /** Bring the schema up to date. Without it an older one is refused as a newer one is. */
  readonly migrates: boolean;
}

/** Why there is no ledger. */
export interface NotConnected {
  readonly kind: "not-connected";
  /**
   * `unavailable` may change by itself. `denied`: credentials, rights, or no such database.
   * `unsuitable`: too old a server, or a database that is not encoded in UTF8.
   */
  readonly reason: "unavailable" | "denied" | SchemaProblem["reason"];
  readonly message: string;
}

/** Connects, checks the server and its schema, and brings the schema up to date if it may. */
export async function connectPostgresLedger(
  options: LedgerOptions,
): Promise<{ readonly kind: "connected"; readonly ledger: PostgresLedger } | NotConnected> {
  const problem = await prepare(options);
  if (problem !== undefined) return problem;
  return { kind: "connected", ledger: new PostgresLedger(options.url, options) };
}

async function prepare({
  url,
  migrates,
  connectMs = connectDefaultMs,
}: LedgerOptions): Promise<NotConnected | undefined> {
  let client: pg.Client | undefined;
  try {
    client = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: connectMs,
      query_timeout: schemaMs,
      application_name: "holdfast",
    });
    // Without a listener the loss of the connection would end the process.
    client.on("error", () => {});
    await client.connect();
    const problem =
      (await serverProblem(client)) ?? (await (migrates ? migrate(client) : schemaProblem(client)));
    return problem === undefined ? undefined : { kind: "not-connected", ...problem };
  } catch (error) {
    const { kind, message, ...rest } = connectFailure(error, url);
    const isDenied = kind === "refused" && "reason" in rest && rest.reason === "denied";
    return { kind: "not-connected", reason: isDenied ? "denied" : "unavailable", message };
  } finally {
    // An open transaction ends with its connection. Nobody waits for that: a server that has fallen
    // silent does not say goodbye.
    void client?.end().catch(() => {});
  }
}
