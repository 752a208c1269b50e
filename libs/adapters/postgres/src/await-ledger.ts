import { type Clock, sleep } from "@holdfast/base/clock";
import type { Logger } from "@holdfast/runtime/log";
import { ConfigError } from "@holdfast/runtime/service";
import { connectPostgresLedger } from "./connect-ledger.ts";
import type { PostgresLedger } from "./postgres-ledger.ts";

/** Pause before Postgres is looked for again, in ms. */
const retryMs = 1_000;

/**
 * The ledger that `HOLDFAST_POSTGRES` names, its schema up to date. Postgres that is away is waited
 * for, and the log says so; what no waiting mends rejects with a `ConfigError`.
 */
export async function awaitPostgresLedger(
  url: string,
  clock: Clock,
  log: Logger,
): Promise<PostgresLedger> {
  for (;;) {
    const connected = await connectPostgresLedger({ url, migrates: true });
    if (connected.kind === "connected") return connected.ledger;
    const { reason, message } = connected;
    if (reason !== "unavailable") throw new ConfigError(`HOLDFAST_POSTGRES: ${message}`);
    log.warn({ "event.action": "waiting", "event.reason": "ledger" }, message);
    await sleep(clock, retryMs);
  }
}
