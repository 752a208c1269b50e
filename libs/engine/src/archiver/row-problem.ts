import { utf8Text } from "@holdfast/base/bytes";
import type { Link } from "@holdfast/core/audit/chain";
import type { Damage } from "@holdfast/core/audit/chain-damage";
import { decodeEvent } from "@holdfast/core/audit/event-codec";
import { type LockId, printLock } from "@holdfast/core/lock/lock-id";
import type { LedgerRow } from "../ports/ledger.ts";

/** A row as the verifier of chains takes it. */
export function linkOf({ cluster, sequence, previousHash, hash, line }: LedgerRow): Link {
  return { cluster, sequence, previous: previousHash, hash, bytes: line };
}

const columns = [
  ...(["cluster", "revision", "index", "atMs", "kind", "region", "shard"] as const),
  ...(["grantId", "token", "session"] as const),
];

/**
 * A row whose columns say otherwise than its line: the hash covers the line alone, and questions
 * are answered by the columns. Lines that nobody here can read have nothing to compare.
 */
export function columnDamage(row: LedgerRow): Damage | undefined {
  const decoded = decodeEvent(utf8Text(row.line));
  if (decoded.kind !== "event") return undefined;
  const written: Partial<LedgerRow> = decoded.event;
  const wrong =
    columns.find((name) => written[name] !== row[name]) ??
    (printed(written.lock) === printed(row.lock) ? undefined : "lock");
  if (wrong === undefined) return undefined;
  const { cluster, sequence } = row;
  const message = `Record ${sequence} of cluster ${cluster} was edited: its ${wrong} is not that of its line.`;
  return { kind: "edited", cluster, first: sequence, last: sequence, message };
}

function printed(lock: LockId | undefined): string | undefined {
  return lock && printLock(lock);
}
