import type { LeaseId, SessionId } from "@holdfast/base/ids";
import { parseSessionMarker } from "../lease/marker.ts";
import { poolMarkerKey } from "../lock/keys.ts";
import type { KeyValue } from "../txn/txn.ts";
import type { Happening } from "./event.ts";
import type { KeyChange } from "./key-changes.ts";
import { sessionReference } from "./session-reference.ts";
import type { Surroundings } from "./surroundings.ts";
import { unreadable } from "./tenure.ts";

/**
 * What became of the session whose marker (`v/…`) changed. A pooled lease's marker tells nothing:
 * it belongs to no client.
 */
export function sessionEvents(
  { key, before, after }: KeyChange,
  { closing }: Surroundings,
): Happening[] {
  const kv = after ?? before;
  if (kv === undefined || key === poolMarkerKey(kv.lease as LeaseId)) return [];
  const session = sessionReference(key.slice("v/".length) as SessionId);
  const ttlMs = ttlIn(kv);
  if (ttlMs === undefined) return [unreadable("v", after === undefined ? "deleted" : "put")];
  if (after === undefined) {
    const cause = closing.has(session) ? "closed" : "expired";
    return [{ kind: "SessionEnded", session, ttlMs, cause }];
  }
  return before === undefined ? [{ kind: "SessionOpened", session, ttlMs }] : [];
}

function ttlIn(kv: KeyValue): number | undefined {
  const ttlMs = parseSessionMarker(kv)?.ttlMs;
  return ttlMs !== undefined && Number.isSafeInteger(ttlMs) && ttlMs >= 0 ? ttlMs : undefined;
}
