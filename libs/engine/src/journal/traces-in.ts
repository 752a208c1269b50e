import { isSampled } from "@holdfast/base/tracer";
import type { AuditEvent } from "@holdfast/core/audit/event";
import { parseKey } from "@holdfast/core/lock/keys";
import { decodeRecord } from "@holdfast/core/lock/record";
import type { WatchEvent } from "../ports/shard-store.ts";

/** How a record that names a trace says so: cheaper to look for than to read each record. */
const marker = '"p":"';

/**
 * The trace contexts of the acquires that came to these events of one revision, by event; only of
 * traces that are kept. They lie in the records of the grants, and no event has them: the chain
 * covers what happened, not who watched.
 */
export function tracesIn(
  events: readonly AuditEvent[],
  watched: readonly WatchEvent[],
): ReadonlyMap<AuditEvent, string> {
  const byGrant = new Map<string, string>();
  for (const { kind, kv } of watched) {
    if (kind !== "put" || !mayName(kv.value)) continue;
    const traceparent = decodeRecord(kv.value)?.traceparent;
    const grantId = parseKey(kv.key)?.grantId;
    if (grantId !== undefined && isSampled(traceparent)) byGrant.set(grantId, traceparent);
  }
  const traces = new Map<AuditEvent, string>();
  if (byGrant.size === 0) return traces;
  for (const event of events) {
    if (event.kind !== "LockAcquired" && event.kind !== "LockHandedOver") continue;
    const traceparent = byGrant.get(event.grantId);
    if (traceparent !== undefined) traces.set(event, traceparent);
  }
  return traces;
}

function mayName({ buffer, byteOffset, length }: Uint8Array): boolean {
  return Buffer.from(buffer, byteOffset, length).includes(marker);
}
