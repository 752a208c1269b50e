import { utf8Text } from "@holdfast/base/bytes";
import type { Link } from "@holdfast/core/audit/chain";
import { recordLink } from "./event-record.ts";
import type { ParkedRecord } from "./ports/ledger-records.ts";

/**
 * The place in a chain of a record that the auditor could make no row of: a newer writer's records
 * are part of the chain all the same. Undefined where it says none.
 */
export function parkedLink(record: ParkedRecord): Link | undefined {
  const cluster = clusterOf(record);
  return typeof cluster === "string" ? recordLink(cluster, record) : undefined;
}

/** Of whatever version, its line says of which cluster it is. */
function clusterOf({ value }: ParkedRecord): unknown {
  try {
    return (JSON.parse(utf8Text(value)) as { readonly cluster?: unknown } | null)?.cluster;
  } catch {
    return undefined;
  }
}
