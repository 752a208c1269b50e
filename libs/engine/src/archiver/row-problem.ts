import { utf8Text } from "@holdfast/base/bytes";
import type { Link } from "@holdfast/core/audit/chain";
import type { Damage } from "@holdfast/core/audit/chain-damage";
import { decodeEvent } from "@holdfast/core/audit/event-codec";
import type { LedgerRow } from "../ports/ledger.ts";

/** A row as the verifier of chains takes it. */
export function linkOf({ cluster, sequence, previousHash, hash, line }: LedgerRow): Link {
  return { cluster, sequence, previous: previousHash, hash, bytes: line };
}

/**
 * A row whose columns say where and when something happened, and whose line says otherwise: the
 * hash covers the line alone, and by the columns it would be found in the wrong day.
 */
export function columnDamage(row: LedgerRow): Damage | undefined {
  const decoded = decodeEvent(utf8Text(row.line));
  if (decoded.kind !== "event") return undefined;
  const { event } = decoded;
  const columns = ["cluster", "revision", "index", "atMs", "kind", "region", "shard"] as const;
  const wrong = columns.find((name) => event[name] !== row[name]);
  if (wrong === undefined) return undefined;
  const { cluster, sequence } = row;
  const message = `Record ${sequence} of cluster ${cluster} was edited: its ${wrong} is not that of its line.`;
  return { kind: "edited", cluster, first: sequence, last: sequence, message };
}
