import pg from "pg";
import type { Contender } from "./contender.ts";

/**
 * Advisory locks of Postgres, one connection for each worker, since the lock belongs to the
 * connection. They are in memory of one server: nothing is replicated or written to disk, and
 * there is no token.
 */
export function postgres(port: number): Contender {
  const clients = new Map<number, Promise<pg.Client>>();
  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client({ host: "127.0.0.1", port, user: "bench", database: "postgres" });
    await client.connect();
    return client;
  };
  let count = 0;
  return {
    async turn(worker, acquireMs) {
      const opening = clients.get(worker) ?? connect();
      clients.set(worker, opening);
      const client = await opening;
      const key = String(count++);
      const startMs = performance.now();
      const { rows } = await client.query({
        name: "lock",
        text: "select pg_try_advisory_lock($1::bigint) as ok",
        values: [key],
      });
      if (rows[0]?.ok !== true) throw new Error("postgres refused a free lock");
      acquireMs.push(performance.now() - startMs);
      await client.query({
        name: "unlock",
        text: "select pg_advisory_unlock($1::bigint)",
        values: [key],
      });
      return 1;
    },
    async close() {
      await Promise.all([...clients.values()].map(async (client) => (await client).end()));
    },
  };
}
