import type { Link } from "@holdfast/core/audit/chain";
import type { AuditEvent } from "@holdfast/core/audit/event";
import type { LedgerRow } from "./ports/ledger.ts";
import { utcDay } from "./utc-day.ts";

/**
 * The row of an event in its chain: the columns say what the line says, and nothing else. Whoever
 * verifies a ledger makes the row anew from the line, so an edited column shows as well.
 */
export function ledgerRow(
  event: AuditEvent,
  { sequence, previous: previousHash, hash, bytes: line }: Omit<Link, "cluster">,
): LedgerRow {
  const { cluster, revision, index, atMs, region, shard, kind } = event;
  return {
    cluster,
    revision,
    index,
    day: utcDay(atMs),
    atMs,
    region,
    shard,
    sequence,
    previousHash,
    hash,
    kind,
    ...("lock" in event && event.lock !== undefined ? { lock: event.lock } : {}),
    ...("grantId" in event && event.grantId !== undefined ? { grantId: event.grantId } : {}),
    ...("token" in event ? { token: event.token } : {}),
    ...("session" in event && event.session !== undefined ? { session: event.session } : {}),
    line,
  };
}

/** The link of a chain that a row is. */
export function linkOf({ cluster, sequence, previousHash, hash, line }: LedgerRow): Link {
  return { cluster, sequence, previous: previousHash, hash, bytes: line };
}
